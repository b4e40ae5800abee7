import FUSE
import Glibc
import Testing

/// A file system on a folder of its own.
struct Mounting {
    let session: Session
    let files: MemoryFileSystem
    /// The mountpoint.
    let path: String

    /// Mounts for the time of `body`.
    static func run(
        _ files: MemoryFileSystem = MemoryFileSystem(), ended: @escaping @Sendable () -> Void = {},
        _ body: (Mounting) throws -> Void
    ) throws {
        try requireFUSE()
        let path = try temporaryFolder()
        let session = Session(mountpoint: path, allowOthers: true)
        defer {
            session.stop(patience: 2)
            unsafe rmdir(path)
        }
        try session.serve(files, ended: ended)
        try body(Mounting(session: session, files: files, path: path))
    }

    /// Runs a script in the mountpoint.
    func sh(_ script: String, as uid: UInt32? = nil) throws -> (status: Int32, output: String) {
        try child(script, as: uid).finish()
    }

    func child(_ script: String, as uid: UInt32? = nil) throws -> Child {
        try Child("cd \(path) || exit 99; \(script)", as: uid)
    }

    /// What it answers, if it succeeds.
    func output(_ script: String, as uid: UInt32? = nil) throws -> String {
        let (status, output) = try sh(script, as: uid)
        #expect(status == 0, "\(script): \(output)")
        return output
    }
}

/// Tests here mount: without root and /dev/fuse they fail.
func requireFUSE() throws {
    try #require(geteuid() == 0, "this test must run as root")
    let hasDevice = unsafe access("/dev/fuse", R_OK | W_OK) == 0
    try #require(hasDevice, "this test needs /dev/fuse")
}

func temporaryFolder() throws -> String {
    let template = unsafe strdup("/tmp/tacit-fuse-test.XXXXXX")
    defer { unsafe free(template) }
    let path = try #require(unsafe template.flatMap { unsafe mkdtemp($0) }.map { unsafe String(cString: $0) })
    // For other users too.
    unsafe chmod(path, 0o755)
    return path
}

/// Waits until it is so.
func eventually(within seconds: Double = 10, _ condition: () throws -> Bool) rethrows -> Bool {
    let end = ContinuousClock.now + .seconds(seconds)
    while try !condition() {
        if ContinuousClock.now > end { return false }
        usleep(5000)
    }
    return true
}
