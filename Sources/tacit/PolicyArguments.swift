import ControlAPI
import Linux

/// A policy on the command line.
enum PolicyArguments {
    static let options = [
        CommandOption("projects", argument: "NAMES", "let jobs of these use it: all, none, or a list"),
        CommandOption("debug", argument: "allow|deny", "say whether debug sessions may use it"),
        CommandOption("attach", argument: "allow|deny", "say whether shells attached to a running job may use it"),
    ]

    /// What the options say; nil for each that was not given.
    static func parse(_ invocation: Invocation) throws(Failure) -> PolicyRequest {
        var policy = PolicyRequest()
        if let names = invocation.arguments.argument("projects") {
            switch string(names) {
            case "all": policy.projects = .all
            case "none": policy.projects = PolicyProjects.none
            case let names: policy.projects = .only(names.split(separator: ",").map(String.init))
            }
        }
        policy.debug = try permission("debug", invocation)
        policy.attach = try permission("attach", invocation)
        return policy
    }

    private static func permission(_ name: String, _ invocation: Invocation) throws(Failure) -> PolicyPermission? {
        guard let word = invocation.arguments.argument(name) else { return nil }
        guard let permission = PolicyPermission(rawValue: string(word)) else {
            throw .usage("--\(name) takes allow or deny", of: invocation.command)
        }
        return permission
    }
}

extension PolicyRequest {
    /// Whether it changes nothing.
    var isEmpty: Bool { self == PolicyRequest() }
}
