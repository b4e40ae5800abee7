// SPDX-License-Identifier: MIT

/// The names that the tree itself gives to its links and folders and to the parts of a secret. They are spelled here and, but in
/// messages, nowhere else (`Tests/SourcesTests`).
package enum TreeName {
    /// The link in the root to the caller's home.
    package static let user = Array("user".utf8)
    /// The link in the root to the folder of the job that the caller is in.
    package static let job = Array("job".utf8)
    /// The folder of all jobs that run, in the root.
    package static let jobs = Array(".jobs".utf8)
    /// The folder of all homes, in the root.
    package static let users = Array(".users".utf8)
    /// The folder of an organization's secrets for its projects.
    package static let shared = Array("@org".utf8)

    /// A secret's variables as one text.
    package static let env = Array("env".utf8)
    /// The folder of a secret's variables.
    package static let vars = Array("vars".utf8)
    /// The folder of a secret's files.
    package static let files = Array("files".utf8)

    /// The beginning of a variable's path in its secret: `vars/`.
    package static let inVars = vars + [UInt8(ascii: "/")]
    /// The beginning of a file's path in its secret: `files/`.
    package static let inFiles = files + [UInt8(ascii: "/")]
}
