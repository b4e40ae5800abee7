import ControlAPI
import Secrets

/// REF on the command line: a reference, or a path below the mountpoint.
enum ReferenceArgument {
    /// The reference as the daemon takes it. A path that starts with a slash costs a question to the daemon, for the mountpoint;
    /// names in the tree aren't looked up here. Throws a usage failure for what is no reference.
    static func parse(_ word: [UInt8]) throws(Failure) -> [UInt8] {
        var word = word
        if word.first == UInt8(ascii: "/") { word = relative(word, to: Array(try Daemon.status().mountpoint.utf8)) }
        do {
            return try Reference.parse(word).bytes
        } catch {
            throw Failure(.usage, "\(error)")
        }
    }

    /// What is left of `path` below `mountpoint`, from its slash on; `path` itself if it isn't there.
    static func relative(_ path: [UInt8], to mountpoint: [UInt8]) -> [UInt8] {
        let slash = UInt8(ascii: "/")
        guard path.starts(with: mountpoint) else { return path }
        let rest = path.dropFirst(mountpoint.count)
        if rest.isEmpty { return [slash] }
        return rest.first == slash ? Array(rest) : path
    }
}
