internal import Glibc

/// Owner of words as C has them: an array of strings that ends with a null pointer, for `getopt_long(3)` and `execv(3)`.
@safe
package struct ArgumentVector: ~Copyable {
    /// The array. C may reorder it, as `getopt_long(3)` does; it is gone with this owner.
    let start: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    /// How many words there are, the null pointer not counted.
    package let count: Int

    /// Copies of `words`; a word ends at its first NUL, if it has one. Throws ENOMEM.
    package init(_ words: [[UInt8]]) throws(Errno) {
        count = words.count
        unsafe start = .allocate(capacity: count + 1)
        unsafe start.initialize(repeating: nil, count: count + 1)
        for (index, word) in words.enumerated() {
            guard let copy = unsafe strndup(word.map(CChar.init(bitPattern:)), word.count) else { throw .outOfMemory }
            unsafe start[index] = copy
        }
    }

    deinit {
        for index in 0..<count { unsafe free(start[index]) }
        unsafe start.deallocate()
    }

    /// A word as C has it, nil past the end.
    @unsafe subscript(index: Int) -> UnsafePointer<CChar>? {
        guard (0..<count).contains(index), let word = unsafe start[index] else { return nil }
        return unsafe UnsafePointer(word)
    }

    /// A word; empty past the end.
    func word(_ index: Int) -> [UInt8] {
        unsafe bytes(of: self[index])
    }

    /// The words that the program was started with, the first its name, byte for byte.
    package static var ofThisProcess: [[UInt8]] {
        unsafe UnsafeBufferPointer(start: CommandLine.unsafeArgv, count: Int(CommandLine.argc)).map { unsafe bytes(of: $0) }
    }

    /// Replaces this program by the one at `path`, with these words, `execv(3)`. Comes back only to throw.
    package borrowing func execute(_ path: String) throws(Errno) -> Never {
        unsafe execv(path, start)
        throw Errno.current
    }
}

/// The bytes of a C string, without its NUL; none for a null pointer.
@unsafe func bytes(of string: UnsafePointer<CChar>?) -> [UInt8] {
    guard let string = unsafe string else { return [] }
    return unsafe [UInt8](UnsafeRawBufferPointer(start: string, count: strlen(string)))
}
