// SPDX-License-Identifier: MIT

internal import CArguments
internal import CLinux
internal import Glibc

/// Owner of words as C has them: an array of strings that ends with a null pointer, for `execv(3)`.
@safe
package struct ArgumentVector: ~Copyable {
    /// The array. It is gone with this owner.
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

    /// The words that the program was started with, the first its name, byte for byte.
    package static var ofThisProcess: [[UInt8]] {
        unsafe UnsafeBufferPointer(start: tacit_arguments(), count: countOfThisProcess).map { unsafe bytes(of: $0) }
    }

    /// How many words the program was started with, its name among them.
    package static var countOfThisProcess: Int { Int(tacit_argument_count()) }

    /// One of them; empty past the end.
    package static func wordOfThisProcess(_ index: Int) -> [UInt8] {
        withWordOfThisProcess(index) { word in unsafe word.withUnsafeBytes { unsafe Array($0) } }
    }

    /// Lends one of them where it is; no byte past the end. For words that may not be copied to where they can be read later.
    package static func withWordOfThisProcess<Result>(_ index: Int, _ body: (RawSpan) -> Result) -> Result {
        guard (0..<countOfThisProcess).contains(index), let word = unsafe tacit_arguments()[index] else { return body(RawSpan()) }
        return body(unsafe RawSpan(_unsafeStart: word, byteCount: strlen(word)))
    }

    /// Overwrites all words but the program's name in the memory that the kernel shows as `/proc/PID/cmdline`. They are empty
    /// afterwards.
    ///
    /// Where the last byte is not NUL, the kernel takes the memory for one string, up to its first NUL (proc_pid_cmdline(5), as for
    /// setproctitle(3)): so the lengths of the words can't be read off the NULs either. That string is the name.
    package static func overwriteThisProcess() {
        let count = countOfThisProcess
        for index in stride(from: 1, to: count, by: 1) {
            guard let word = unsafe tacit_arguments()[index] else { continue }
            let length = unsafe strlen(word)
            unsafe explicit_bzero(word, length)
            // The last word's byte after its NUL-terminated end is not ours; its NUL is, and a word of one byte or more stays
            // terminated by what was its first.
            if index == count - 1, length > 0 { unsafe word[length] = 1 }
        }
    }

    /// Replaces this program by the one at `path`, with the words that it was started with. Comes back only if that failed.
    static func executeAgain(_ path: String) { _ = unsafe execv(path, tacit_arguments()) }

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
