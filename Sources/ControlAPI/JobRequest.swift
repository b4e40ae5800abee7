// SPDX-License-Identifier: MIT

package import Secrets

/// The job to start, the body of POST `jobs`. The process that connected becomes its root, unless it names a control group.
package struct JobRequest: Codable, Equatable, Sendable {
    /// `acme/web` or `acme/web@production`.
    package var project: Reference
    /// The name of a target, which `project` need not name then.
    package var target: String?
    /// Names of secrets in its scopes, as `-s` gives them; nil: all in its scopes that the caller may see. One of them that may
    /// not be used is an error.
    package var secrets: [String]?
    /// The variables that `--env` adds, in its order.
    package var variables: [Variable]?
    /// The files that `--file` adds, in its order.
    package var files: [File]?
    /// Whether it is a debug session; nil: no.
    package var debug: Bool?
    /// The path of a control group (cgroups(7)), whose processes are to be in the job.
    package var cgroup: String?

    package init(
        project: Reference, target: String? = nil, secrets: [String]? = nil, variables: [Variable]? = nil, files: [File]? = nil,
        debug: Bool? = nil, cgroup: String? = nil
    ) {
        self.project = project
        self.target = target
        self.secrets = secrets
        self.variables = variables
        self.files = files
        self.debug = debug
        self.cgroup = cgroup
    }

    /// A variable that the job has besides: `--env VAR=REF`.
    package struct Variable: Codable, Equatable, Sendable {
        /// Its name in the job.
        package var name: String
        /// A reference, percent-encoded as in a query.
        package var ref: String

        package init(name: String, ref: String) {
            self.name = name
            self.ref = ref
        }
    }

    /// A file that the job has besides: `--file REF:PATH`.
    package struct File: Codable, Equatable, Sendable {
        /// A reference, percent-encoded as in a query.
        package var ref: String
        /// Its name below `files` (`Placement.stored`, with slashes between), percent-encoded as in a query.
        package var path: String

        package init(ref: String, path: String) {
            self.ref = ref
            self.path = path
        }
    }
}
