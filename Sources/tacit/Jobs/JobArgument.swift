import Secrets

extension Invocation {
    /// A word as the id of a job. Throws a usage failure for what is none.
    func job(_ word: [UInt8]) throws(Failure) -> [UInt8] {
        guard JobID(word) != nil else {
            throw Failure(.usage, "'\(text(word))' is no id of a job", hint: "tacit jobs lists the jobs that run")
        }
        return word
    }
}
