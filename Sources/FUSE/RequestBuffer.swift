internal import Glibc
internal import Linux

/// Memory that one worker receives requests in: locked, left out of core dumps and of forks, and wiped after each request.
///
/// Unlike a `LockedBuffer` it is lent for writing, as libfuse wants it, and wiped only as far as it was filled: there is a
/// request every few microseconds.
@safe struct RequestBuffer: ~Copyable, @unchecked Sendable {
    /// The largest WRITE, in bytes: what the handshake grants the kernel.
    static let largestWrite = 128 * 1024
    /// A WRITE and its headers. libfuse counts a page for the headers too; the kernel refuses to fill less than it needs.
    static let capacity = largestWrite + 4096

    private let start: UnsafeMutableRawPointer

    /// - Throws: ENOMEM or EAGAIN if the memory can't be had or locked (`RLIMIT_MEMLOCK`).
    init() throws(Errno) {
        let start = unsafe mmap(nil, Self.capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let start = unsafe start, unsafe start != MAP_FAILED else { throw Errno(rawValue: errno) }
        guard unsafe mlock(start, Self.capacity) == 0 else {
            let error = errno
            unsafe munmap(start, Self.capacity)
            throw Errno(rawValue: error)
        }
        unsafe madvise(start, Self.capacity, MADV_DONTDUMP)
        unsafe madvise(start, Self.capacity, MADV_DONTFORK)
        unsafe self.start = unsafe start
    }

    deinit {
        unsafe explicit_bzero(start, Self.capacity)
        unsafe munmap(start, Self.capacity)
    }

    /// Reads one request from `descriptor`, lends it to `body`, and wipes it.
    ///
    /// - Returns: false, without having called `body`, if there was none.
    /// - Throws: what read(2) said.
    func receive(from descriptor: Int32, _ body: (UnsafeMutableRawBufferPointer) -> Void) throws(Errno) -> Bool {
        let count = unsafe read(descriptor, start, Self.capacity)
        guard count >= 0 else { throw Errno(rawValue: errno) }
        guard count > 0 else { return false }
        unsafe body(UnsafeMutableRawBufferPointer(start: start, count: count))
        unsafe explicit_bzero(start, count)
        return true
    }

    /// For tests: whether nothing of any request is left.
    var isWiped: Bool {
        unsafe UnsafeRawBufferPointer(start: start, count: Self.capacity).allSatisfy { $0 == 0 }
    }
}
