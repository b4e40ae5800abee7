// SPDX-License-Identifier: MIT

internal import Glibc
internal import Synchronization

/// The memory that libyaml works in: locked, left out of core dumps, zero in a forked child, and wiped before it is used again or goes
/// back to the system. So no copy of a value that libyaml makes on its way lies anywhere else.
///
/// libyaml calls its functions for memory by name through the dynamic linker, which finds those of the program, below, before its own.
/// `YAML` makes sure of that before it gives libyaml anything to read.
enum YAMLMemory {
    /// In front of what libyaml gets: how many bytes were asked for. Sixteen bytes keep the rest aligned for any type.
    private static let header = 16
    private static let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    /// Most pages that are kept for the next request.
    private static let mostSpare = 64

    private struct State {
        /// How many pieces are in use, and how many were given out in all.
        var live = 0
        var served = 0
        /// Addresses of single pages, wiped.
        var spare: [UInt] = []
    }

    private static let state = Mutex(State())

    /// How many pieces are in use, in all threads.
    static var live: Int { state.withLock { $0.live } }
    /// How many pieces were given out since the start.
    static var served: Int { state.withLock { $0.served } }

    static func allocate(_ size: Int) -> UnsafeMutableRawPointer? {
        guard size >= 0, size <= Int.max - header - page else { return nil }
        let length = mapped(size)
        let spare = state.withLock { state in
            state.live += 1
            state.served &+= 1
            return length == page ? state.spare.popLast() : nil
        }
        guard let start = unsafe spare.flatMap({ unsafe UnsafeMutableRawPointer(bitPattern: $0) }) ?? map(length) else {
            state.withLock { $0.live -= 1 }
            return nil
        }
        unsafe start.storeBytes(of: size, as: Int.self)
        return unsafe start + header
    }

    static func reallocate(_ old: UnsafeMutableRawPointer?, _ size: Int) -> UnsafeMutableRawPointer? {
        guard let old = unsafe old else { return unsafe allocate(size) }
        guard let new = unsafe allocate(size) else { return nil }
        let held = unsafe (old - header).load(as: Int.self)
        unsafe new.copyMemory(from: old, byteCount: min(held, size))
        unsafe free(old)
        return unsafe new
    }

    static func free(_ piece: UnsafeMutableRawPointer?) {
        guard let piece = unsafe piece else { return }
        let start = unsafe piece - header
        let length = unsafe mapped(start.load(as: Int.self))
        unsafe explicit_bzero(start, length)
        let isKept = state.withLock { state in
            state.live -= 1
            guard length == page, state.spare.count < mostSpare else { return false }
            state.spare.append(UInt(bitPattern: start))
            return true
        }
        if !isKept { unsafe munmap(start, length) }
    }

    /// How many bytes of whole pages a piece takes.
    private static func mapped(_ size: Int) -> Int { (size + header + page - 1) / page * page }

    private static func map(_ length: Int) -> UnsafeMutableRawPointer? {
        guard let start = unsafe mmap(nil, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            unsafe start != MAP_FAILED
        else { return nil }
        guard unsafe mlock(start, length) == 0 else {
            unsafe munmap(start, length)
            return nil
        }
        unsafe madvise(start, length, MADV_DONTDUMP)
        unsafe madvise(start, length, MADV_WIPEONFORK)
        return unsafe start
    }
}

@c(yaml_malloc)
package func yamlMalloc(_ size: Int) -> UnsafeMutableRawPointer? {
    unsafe YAMLMemory.allocate(size)
}

@c(yaml_realloc)
package func yamlRealloc(_ old: UnsafeMutableRawPointer?, _ size: Int) -> UnsafeMutableRawPointer? {
    unsafe YAMLMemory.reallocate(old, size)
}

@c(yaml_free)
package func yamlFree(_ piece: UnsafeMutableRawPointer?) {
    unsafe YAMLMemory.free(piece)
}

@c(yaml_strdup)
package func yamlStrdup(_ string: UnsafePointer<CChar>?) -> UnsafeMutablePointer<CChar>? {
    guard let string = unsafe string else { return nil }
    let size = unsafe strlen(string) + 1
    guard let copy = unsafe YAMLMemory.allocate(size) else { return nil }
    unsafe copy.copyMemory(from: string, byteCount: size)
    return unsafe copy.assumingMemoryBound(to: CChar.self)
}
