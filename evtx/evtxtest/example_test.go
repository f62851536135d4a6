package evtxtest_test

import (
	"fmt"
	"time"

	"github.com/tocsin-project/tocsin/evtx/evtxtest"
)

func ExampleBytes() {
	file, err := evtxtest.Bytes(evtxtest.Event{
		Provider: "Microsoft-Windows-Sysmon",
		GUID:     "{5770385F-C22A-43E0-BF4C-06F5698FFBD9}",
		EventID:  1,
		Level:    4,
		Time:     time.Date(2021, 3, 1, 9, 30, 0, 0, time.UTC),
		Channel:  "Microsoft-Windows-Sysmon/Operational",
		Computer: "mail.town.example",
		UserID:   "S-1-5-18",
		Data: []evtxtest.Data{
			{Name: "Image", Value: `C:\Windows\System32\whoami.exe`},
			{Name: "ProcessId", Value: uint32(4711)},
		},
	})
	fmt.Println(len(file), err)
	// Output: 69632 <nil>
}
