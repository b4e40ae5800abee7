// SPDX-License-Identifier: MIT

internal import Bytes
internal import Linux
internal import Sodium

/// Key files: 32 bytes as they are, or their 64 hexadecimal digits with or without a final newline.
enum KeyFile {
    static let keyLength = 32
    /// The most bytes that are read: a passphrase may be long, a mistaken path is not swallowed.
    static let limit = 1024

    /// The contents of a key file; throws `storage` naming the file if it can't be read, is too long, or is open to others.
    static func contents(_ path: String) throws(VaultError) -> SecretBytes {
        let file = try system(path) { () throws(Errno) in try FileDescriptor.open(path, [.readOnly]) }
        let status = try system(path) { () throws(Errno) in try file.status() }
        guard status.isRegularFile else { throw .storage("\(path): not a regular file") }
        guard status.permissions & 0o077 == 0 else { throw .storage("\(path): others may read this key: chmod 400 it") }
        var bytes = try sodium { () throws(SodiumError) in try SecretBytes(count: limit + 1) }
        var count = 0
        while count <= limit {
            let read = try bytes.withMutableBytes { span throws(VaultError) in
                var rest = span._mutatingExtracting(count..<(limit + 1))
                return try system(path) { () throws(Errno) in try file.read(into: &rest) }
            }
            if read == 0 { break }
            count += read
        }
        guard count <= limit else { throw .storage("\(path): too long for a key") }
        return bytes.truncated(to: count)
    }

    /// The key in a key file.
    static func read(_ path: String) throws(VaultError) -> SecretBytes {
        guard let key = try key(from: try contents(path)) else {
            throw .storage("\(path): not a key: it must have 32 bytes, or 64 hexadecimal digits")
        }
        return key
    }

    /// Takes a key file for this process alone, as long as the descriptor lives: two daemons on one store would each keep what the
    /// other changes, and break the audit log's chain. Throws `storage` where another has it.
    static func lock(_ path: String) throws(VaultError) -> FileDescriptor {
        let file = try system(path) { () throws(Errno) in try FileDescriptor.open(path, [.readOnly]) }
        do { try file.lockAlone() } catch .again {
            throw .storage("another tacitd uses this store: it holds \(path)")
        } catch { throw .storage("\(path): \(error)") }
        return file
    }

    /// The key that such contents stand for; nil if they are none.
    static func key(from contents: consuming SecretBytes) throws(VaultError) -> SecretBytes? {
        if contents.count == keyLength { return contents }
        let digits = contents.withBytes { ValueRule.lengthWithoutFinalNewline($0) }
        guard digits == keyLength * 2 else { return nil }
        var key = try sodium { () throws(SodiumError) in try SecretBytes(count: keyLength) }
        let valid = key.withMutableBytes { key in
            contents.withBytes { text in
                var bad: UInt8 = 0
                for index in 0..<keyLength {
                    let (high, highBad) = nibble(text.octet(index * 2))
                    let (low, lowBad) = nibble(text.octet(index * 2 + 1))
                    bad |= highBad | lowBad
                    key.storeBytes(of: high << 4 | low, toByteOffset: index, as: UInt8.self)
                }
                return bad == 0
            }
        }
        guard valid else { return nil }
        return key
    }

    /// The value of a hexadecimal digit without a branch or a table on it, and non-zero if it is none.
    private static func nibble(_ digit: UInt8) -> (value: UInt8, bad: UInt8) {
        let letter = (digit | 0x20) &- UInt8(ascii: "a")
        let decimal = digit &- UInt8(ascii: "0")
        // All ones where the difference is in range: the subtraction borrows into the high byte.
        let isLetter = UInt8(truncatingIfNeeded: (UInt16(letter) &- 6) >> 8)
        let isDecimal = UInt8(truncatingIfNeeded: (UInt16(decimal) &- 10) >> 8)
        return (isDecimal & decimal | isLetter & (letter &+ 10), ~(isDecimal | isLetter))
    }

    /// Makes a key file, mode 0400, durably; throws `fileExists` if there is anything of that name.
    static func create(_ path: String, _ key: borrowing SecretBytes) throws(VaultError) {
        do throws(Errno) {
            let file = try FileDescriptor.open(path, [.writeOnly, .create, .exclusive, .noFollow], permissions: 0o400)
            try key.withBytes { bytes throws(Errno) in try file.writeAll(bytes) }
            try file.fsync()
        } catch .exists {
            throw .fileExists(path)
        } catch { throw .storage("\(path): \(error)") }
    }
}
