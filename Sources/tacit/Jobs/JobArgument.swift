// SPDX-License-Identifier: MIT

import Secrets

/// The argument of a command that names a job.
extension Invocation {
    /// The id of a job, as the word has it. Throws a usage failure if it is none.
    func job(_ word: [UInt8]) throws(Failure) -> [UInt8] {
        guard JobID(word) != nil else {
            throw Failure(.usage, "'\(text(word))' is no id of a job", hint: "tacit jobs lists the jobs that run")
        }
        return word
    }
}
