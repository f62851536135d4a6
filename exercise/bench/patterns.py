# Runs the cases of pattern matching with stix2-matcher and prints, as JSON, the
# seconds of one pass over all of them: with parsing the patterns, and without.
import json
import sys
import time

from stix2matcher.matcher import Pattern

with open(sys.argv[1]) as f:
    file = json.load(f)


def version(case):
    """The data of some cases is of STIX 2.0: what was seen stands in it."""
    data = file["observations"][case["observed"]]
    return "2.0" if any("objects" in o and o["type"] == "observed-data" for o in data) else "2.1"


def parse(case):
    try:
        return Pattern(case["pattern"], version(case))
    except Exception:
        return None


def verdict(pattern, case):
    if pattern is None:
        return "error"
    try:
        found = pattern.match(file["observations"][case["observed"]], False)
    except Exception:
        return "error"
    return "match" if found else "nomatch"


def per_pass(run):
    n, start = 0, time.perf_counter()
    while n == 0 or time.perf_counter() - start < 1:
        run()
        n += 1
    return (time.perf_counter() - start) / n


cases = file["cases"]
compiled = [parse(c) for c in cases]
json.dump({
    "Parse": per_pass(lambda: [verdict(parse(c), c) for c in cases]),
    "Match": per_pass(lambda: [verdict(p, c) for p, c in zip(compiled, cases)]),
    "Right": sum(verdict(p, c) == c["expect"] for p, c in zip(compiled, cases)),
}, sys.stdout)
