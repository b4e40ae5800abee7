// SPDX-License-Identifier: MIT

internal import Glibc

/// The names in the folder at a path, without `.` and `..`, in no order: all, or as many of them as `limit` says. Throws what opendir(3)
/// and readdir(3) say.
package func entries(of folder: String, limit: Int = .max) throws(Errno) -> [[UInt8]] {
    guard let stream = unsafe opendir(folder) else { throw .current }
    defer { _ = unsafe closedir(stream) }
    var names: [[UInt8]] = []
    while names.count < limit {
        errno = 0
        guard let entry = unsafe readdir(stream) else {
            guard errno == 0 else { throw .current }
            break
        }
        let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in unsafe Array(bytes.prefix { $0 != 0 }) }
        if name != [UInt8(ascii: ".")], name != Array("..".utf8) { names.append(name) }
    }
    return names
}

/// The names in a folder of proc(5) that are numbers, all of them. Throws what opendir(3) and readdir(3) say.
func numberedEntries(of folder: String) throws(Errno) -> [Int32] {
    try entries(of: folder).compactMap { Int32(String(decoding: $0, as: UTF8.self)) }
}
