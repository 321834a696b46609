package eventloop_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strings"
	"testing"
)

// checklist names, for every row of asyncio's surface that users expect, the tests
// that hold this package to its meaning. The rows are in the order of asyncio's
// documentation; names in the first column are those of Python.
var checklist = []struct {
	row   string
	tests string
}{
	{"run", "TestRunReturnsMainsError TestRunNested TestRunCancelsLeftovers TestRunReportsErrors TestRunCountsManyErrors"},
	{"Runner", "TestLoopRunsSeveralTimes TestLoopIsUsedWrongly TestInterrupt TestInterruptHangingLoop TestInterruptIgnored"},
	{"several loops", "TestRunInManyGoroutines TestRunUsesOneThread"},
	{"create_task", "TestTasksTakeTurns TestDump TestManyTasks"},
	{"eager start", "TestGoEager TestHooks"},
	{"Task.cancel", "TestBehaviours TestCancel TestCancelReachesDescendants TestCancelFromAnotherGoroutine TestCancelledWithTwoCauses"},
	{"cancelling, uncancel", "TestUncancel TestBehaviours TestCancelReachesEachTaskOnce"},
	{"current_task, all_tasks, get_name, get_stack", "TestDump Example_printTasks Example_logging TestSlowTurnIsReported"},
	{"Future", "TestFuture TestBehaviours TestOtherLoopsFuture TestOnDoneForgetsCancelled Example_futureOutcomes Example_setException"},
	{"exception never retrieved", "TestUnseenErrors TestRunReportsErrors TestCancelledWaiterLeavesTheError"},
	{"sleep", "TestSleep TestSleepersWakeInOrder TestSleepAllocatesNothing TestVirtualTimeJumps"},
	{"gather", "TestCombining TestGatherRefusesALateCancel TestGatherAllIsCancelled TestNestedCombinations Example_gatherKeepsOrder"},
	{"wait", "TestCombining TestWaitOfSeveralTasks TestWaitLeavesTheNextWaitAlone TestMisuseOfCombinations ExampleWait"},
	{"wait_for", "TestCombining TestWaitForTellsWhy ExampleWaitFor"},
	{"as_completed", "TestCombining TestCompletedAtTheTimeout TestNothingIsLeftAtAnAwaitable ExampleCompleted"},
	{"shield", "TestShield TestCombiningInRandomOrder TestNothingIsLeftAtAnAwaitable"},
	{"timeout, timeout_at", "TestTimeoutScopes TestScope TestCombining TestTimeoutAndCancelAtOnce TestTimeoutEndsTheWait"},
	{"TaskGroup", "TestGroup TestGroupCancelledTwice TestGroupUnwinds TestGroupWithinACancelledGroup TestNestedCombinations"},
	{"cancel scopes", "TestScope TestScopeWithoutCancel TestClosedScopeHasEnded TestScopeClosedWhileOthersWait TestScopes"},
	{"nursery.start", "TestGroup TestStartIsCancelled ExampleStartIn"},
	{"to_thread, run_in_executor, default executor", "TestHelpersAreBounded TestHelpersServeInOrder TestHelpersSurviveGoexitAndPanic TestAwaitMany TestAwaitIsCancelled"},
	{"run_coroutine_threadsafe", "TestSubmit TestSubmitWhileTheLoopEnds"},
	{"one iteration of the loop", "TestBehaviours TestBusySocketsTakeTurns TestYieldersDoNotStarveSockets"},
	{"call_soon, call_later, call_at, Handle", "TestBehaviours TestTimers TestErrorsOfCallbacks"},
	{"call_soon_threadsafe", "TestPost TestEveryAcceptedPostIsCalled TestPostsComeInParts"},
	{"run_forever, stop, close", "TestStopBeforeRun TestStopInsideAPass TestLoopIsUsedWrongly TestStopWhileClosing"},
	{"exception handlers", "TestErrorsOfCallbacks TestUnseenErrors"},
	{"debug mode", "TestSlowTurnIsReported TestDebugReportsWhatIsLeft TestDebugRefusesOtherGoroutines"},
	{"add_reader, sock_recv and their like", "TestEcho TestSyscallConn TestReadAfterShortRead TestReadIsCancelled TestDialIsCancelled"},
	{"create_connection, create_server, unix", "TestEcho TestDialByName TestDialErrors TestRace TestInterleave TestTransport TestDialProtocol"},
	{"create_datagram_endpoint", "TestPackets TestPacketErrors TestUDPRefused"},
	{"start_tls", "TestTLS TestStreamsGoOverToTLS TestHandshakeFails TestHandshakeTimesOut"},
	{"Server", "TestServerClose TestServerCloseClients TestServerShutdown TestServeForever TestServerReportsHandlers TestAcceptSurvivesShortage TestServerProperty"},
	{"add_signal_handler", "TestSignalHandler TestSignals TestSignalHandlersLeft"},
	{"subprocess", "TestCommunicate TestCommunicateGoesOn TestPipes TestExit TestCancelChildWaits TestStop TestManyChildren TestNoZombies TestGrandchildren"},
	{"getaddrinfo", "TestLookup TestLookupSearches TestLookupTriesAgain TestLookupIsCancelled FuzzParse"},
	{"open_connection, start_server, StreamReader", "TestReader TestReaderErrors TestReaderIsForOneTask TestReaderBoundsMemory TestStreamsProperty FuzzReader"},
	{"StreamWriter", "TestDrainWaits TestWritersDrain TestWriterClose TestWriterCloseWrite TestWriterLosesPeer TestStreamsProperty"},
	{"Protocol, Transport", "TestTransport TestTransportBackPressure TestTransportPausesReading TestTransportAbort TestProtocolPanics TestSetWriteBufferLimits"},
	{"Lock", "TestLockBehaviours TestLockExcludesAcrossWaits TestCancelledInEveryOrder"},
	{"Event", "TestEventBehaviours TestEventProperty"},
	{"Condition", "TestConditionBehaviours TestConditionProperty TestConditionWaitFor"},
	{"Semaphore, BoundedSemaphore", "TestSemaphoreBehaviours TestPermitsProperty"},
	{"Barrier", "TestBarrierBehaviours TestBarrierBreaks TestBarrierProperty"},
	{"Queue, PriorityQueue, LifoQueue", "TestQueueBehaviours TestQueueOrders TestQueueJoins TestQueueShutdowns TestItemsProperty"},
	{"virtual clock, seeds, every order", "TestVirtualTimeJumps TestVirtualTimeFindsDeadlocks TestSeed TestExplore TestExploreTriesEveryOrder"},
	{"ps, pstree, counters, instruments", "TestDump TestStats TestHooks"},
}

// TestChecklist checks that the tests that the checklist names exist.
func TestChecklist(t *testing.T) {
	functions := map[string]bool{}
	for _, folder := range []string{".", "internal/dns"} {
		for _, file := range parseFolder(t, folder) {
			for _, d := range file.Decls {
				if f, ok := d.(*ast.FuncDecl); ok {
					functions[f.Name.Name] = true
				}
			}
		}
	}
	for _, c := range checklist {
		for name := range strings.FieldsSeq(c.tests) {
			if !functions[name] {
				t.Errorf("%s: there is no %s", c.row, name)
			}
		}
	}
}

// TestTableOfNames checks that the names in the documentation's table from asyncio
// are exported by this package.
func TestTableOfNames(t *testing.T) {
	exported := map[string]bool{}
	for _, file := range parseFolder(t, ".") {
		for _, d := range file.Decls {
			noteExported(d, exported)
		}
	}
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "# From asyncio\n")
	table, _, _ = strings.Cut(table, "// What does not exist")
	name := regexp.MustCompile(`\b[A-Z][A-Za-z]*(\.[A-Z][A-Za-z]*)?\b`)
	rows := 0
	for line := range strings.Lines(table) {
		if len(line) < 41 || !strings.HasPrefix(line, "//\t") {
			continue
		}
		rows++
		for _, n := range name.FindAllString(line[40:], -1) {
			if !exported[n] {
				t.Errorf("the table names %s, which is not exported: %s", n, line)
			}
		}
	}
	if rows < 40 {
		t.Errorf("only %d rows were found", rows)
	}
}

// noteExported notes functions, types, and methods and fields as Type.Name.
func noteExported(d ast.Decl, exported map[string]bool) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil {
			exported[d.Name.Name] = true
			return
		}
		of := d.Recv.List[0].Type
		if star, ok := of.(*ast.StarExpr); ok {
			of = star.X
		}
		if generic, ok := of.(*ast.IndexExpr); ok {
			of = generic.X
		}
		exported[of.(*ast.Ident).Name+"."+d.Name.Name] = true
		exported[d.Name.Name] = true // as in x.Await
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			s, ok := spec.(*ast.TypeSpec)
			if !ok {
				continue
			}
			exported[s.Name.Name] = true
			fields, ok := s.Type.(*ast.StructType)
			if !ok {
				continue
			}
			for _, f := range fields.Fields.List {
				for _, n := range f.Names {
					exported[s.Name.Name+"."+n.Name] = true
				}
			}
		}
	}
}

func parseFolder(t *testing.T, folder string) []*ast.File {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), folder+"/"+e.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}
