internal import Glibc
internal import Linux

/// Runs fusermount3(1), which may unmount for users what they have mounted, and waits for it.
func fusermount(_ arguments: [String]) throws(Errno) {
    // A child with memory of its own would have a copy of this process's: posix_spawn(3) lends it instead, until exec.
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    unsafe sigemptyset(&none)
    unsafe posix_spawnattr_setsigmask(&attributes, &none)
    unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))

    let words: [UnsafeMutablePointer<CChar>?] = unsafe (["fusermount3"] + arguments).map { unsafe strdup($0) }
    defer { for unsafe word in unsafe words { unsafe free(word) } }
    var child: pid_t = 0
    let error = unsafe posix_spawnp(&child, "fusermount3", nil, &attributes, words + [nil], environ)
    guard error == 0 else { throw Errno(rawValue: error) }
    var status: Int32 = 0
    while unsafe waitpid(child, &status, 0) < 0 {
        guard Errno.current == .interrupted else { throw .current }
    }
    guard status == 0 else { throw .notPermitted }
}
