import Foundation
import Testing

@testable import Linux

/// Callers as /proc tells of them: children of other users.
@Suite struct CallerTests {
    /// A child of user 1001 with groups, that waits.
    private func child(_ groups: String) throws -> Foundation.Process {
        try #require(geteuid() == 0, "this test needs other users: run it as root")
        let child = try start(["setpriv", "--reuid=1001", "--regid=1002", "--groups=\(groups)", "sleep", "60"])
        // It becomes the other user before it becomes sleep(1).
        for _ in 0..<500 where (try? ThreadName.read(of: child.processIdentifier)) != Array("sleep".utf8) { usleep(10_000) }
        return child
    }

    @Test func looksUpAThreadOfAnotherUser() throws {
        let child = try child("2000,2001")
        defer { child.terminate() }
        let tid = child.processIdentifier
        let info = try CallingThread.inspect(uid: 1001, gid: 1002, tid: tid)
        #expect(info == CallingThreadInfo(tgid: tid, comm: Array("sleep".utf8), isKernelThread: false, fsuidAgrees: true))
        #expect(try CallingThread(uid: 1001, gid: 1002, tid: tid).groups() == [2000, 2001])
        #expect(!CallingThread(uid: 1001, gid: 1002, tid: tid).diesFromSignal())
        // Somebody else acts in its name.
        #expect(try !CallingThread.inspect(uid: 0, gid: 1002, tid: tid).fsuidAgrees)
        #expect(try !CallingThread.inspect(uid: 1001, gid: 0, tid: tid).fsuidAgrees)
        // Both ways to ask say the same, where the kernel has both.
        if let credentials = try ThreadCredentials.fromPidfd(of: tid) { #expect(try credentials == ThreadCredentials.fromProc(of: tid)) }
    }

    @Test func aForeignThreadHasNothing() throws {
        let info = try CallingThread.inspect(uid: 5, gid: 5, tid: 0)
        #expect(info.tgid == 0 && info.comm.isEmpty && info.fsuidAgrees && !info.isKernelThread)
        #expect(try CallingThread(uid: 5, gid: 5, tid: 0).groups() == [])
    }

    @Test func aGoneThreadIsAnError() throws {
        let child = try start(["true"])
        child.waitUntilExit()
        #expect(errno { _ = try CallingThread.inspect(uid: 0, gid: 0, tid: child.processIdentifier) } == .noSuchProcess)
    }

    @Test func readsStatusOfAnyName() throws {
        let text = "Name:\ta b:\\nTgid:\t9\nTgid:\t7\nUid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\nGroups:\t10 11 \nVmSize:\t1 kB\n"
        let status = try #require(ThreadStatus(Array(text.utf8)))
        #expect(status.tgid == 7 && status.fsuid == 4 && status.fsgid == 8 && status.groups == [10, 11] && status.hasMemory)
        for bad in ["", "Tgid:\t7\n", text.replacing("3\t4", with: "3"), text.replacing("10 11", with: "10 x"), "no colon\n" + text] {
            #expect(ThreadStatus(Array(bad.utf8)) == nil)
        }
    }

    @Test func knowsTheGroupsOfTheDatabase() {
        #expect(GroupDatabase.groups(of: 0).contains(0))
        #expect(GroupDatabase.groups(of: 4_000_000_000) == [])
    }
}
