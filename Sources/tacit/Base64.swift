import Linux
import Secrets

extension Value {
    /// Its base64 of RFC 4648, on one line and padded, in locked memory as the value itself.
    func base64() throws(Failure) -> Value {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        do {
            var text = try LockedBuffer(capacity: max(1, (count + 2) / 3 * 4))
            try withBytes { bytes throws(Failure) in
                for start in stride(from: 0, to: bytes.byteCount, by: 3) {
                    let group = (0..<3).map { bytes.byte(at: start + $0) }
                    let bits = group.reduce(0) { $0 << 8 | Int($1 ?? 0) }
                    for place in 0..<4 {
                        let isPadding = place >= 2 && group[place - 1] == nil
                        _ = text.append(isPadding ? UInt8(ascii: "=") : alphabet[bits >> (18 - 6 * place) & 63])
                    }
                }
            }
            return Value(text)
        } catch let error as Errno {
            throw .noLockedMemory(error)
        } catch {
            throw (error as? Failure) ?? Failure(.failed, "can't encode the value")
        }
    }
}
