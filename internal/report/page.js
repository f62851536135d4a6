'use strict';
(function () {
  const rules = Array.from(document.querySelectorAll('.rule'));
  const levels = Array.from(document.querySelectorAll('.level'));
  const filter = document.getElementById('filter');
  const order = document.getElementById('order');
  const fold = document.getElementById('fold');
  const shown = document.getElementById('shown');
  const texts = new Map();

  function text(rule) {
    if (!texts.has(rule)) texts.set(rule, rule.textContent.toLowerCase());
    return texts.get(rule);
  }

  function apply() {
    const words = filter.value.toLowerCase().split(' ').filter(Boolean);
    let n = 0;
    for (const rule of rules) {
      const hit = words.every(function (w) { return text(rule).includes(w); });
      rule.hidden = !hit;
      if (hit) n++;
    }
    for (const level of levels) level.hidden = !level.querySelector('.rule:not([hidden])');
    shown.textContent = words.length ? n + ' of ' + rules.length + ' shown' : '';
  }

  function number(rule, key) { return Number(rule.dataset[key]); }

  function sort() {
    const by = {
      time: function (a, b) { return rules.indexOf(a) - rules.indexOf(b); },
      count: function (a, b) { return number(b, 'count') - number(a, 'count'); },
      rare: function (a, b) { return number(a, 'count') - number(b, 'count'); },
    }[order.value];
    for (const level of levels) {
      Array.from(level.querySelectorAll('.rule')).sort(by).forEach(function (r) { level.append(r); });
    }
  }

  function open() {
    const target = location.hash.length === 0 ? null : document.getElementById(location.hash.slice(1));
    if (target instanceof HTMLDetailsElement) {
      target.open = true;
      target.scrollIntoView();
    }
  }

  filter.addEventListener('input', apply);
  order.addEventListener('change', sort);
  filter.form.addEventListener('submit', function (e) { e.preventDefault(); });
  fold.addEventListener('click', function () {
    const to = rules.some(function (r) { return !r.hidden ? !r.open : false; });
    for (const r of rules) if (!r.hidden) r.open = to;
    fold.textContent = to ? 'Close all' : 'Open all';
  });
  for (const cell of document.querySelectorAll('.cell')) {
    cell.addEventListener('click', function (e) {
      e.preventDefault();
      filter.value = cell.dataset.technique;
      apply();
      document.getElementById('findings').scrollIntoView();
    });
  }
  window.addEventListener('hashchange', open);
  filter.form.hidden = false;
  open();
})();
