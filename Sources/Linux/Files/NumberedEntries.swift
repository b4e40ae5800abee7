// SPDX-License-Identifier: MIT

internal import Glibc

/// The names in a folder of proc(5) that are numbers, all of them. Throws what opendir(3) and readdir(3) say.
func numberedEntries(of folder: String) throws(Errno) -> [Int32] {
    guard let stream = unsafe opendir(folder) else { throw .current }
    defer { _ = unsafe closedir(stream) }
    var numbers: [Int32] = []
    while true {
        errno = 0
        guard let entry = unsafe readdir(stream) else {
            guard errno == 0 else { throw .current }
            return numbers
        }
        let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
            unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        if let number = Int32(name) { numbers.append(number) }
    }
}
