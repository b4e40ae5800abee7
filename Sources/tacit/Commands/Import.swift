import ControlAPI
import Formats
import Linux

extension Command {
    static let `import` = Command(
        "import", operands: ["REF", "FILE"], summary: "store what is in a file of another program",
        details: """
            The secret is made if it is not there. All of the file is stored, or nothing is.
            FILE is a path, or - for standard input.
              dotenv  assignments, as env takes them
              json    one object of strings
              k8s     a Secret of Kubernetes, in YAML or JSON: a key that can be a
                      variable's name becomes a variable, any other a file
            """,
        options: [
            CommandOption("format", argument: ImportFormat.allCases.map(\.rawValue).joined(separator: "|"), "how FILE is written"),
            CommandOption("replace", "remove what the secret has and FILE has not"), .json,
        ]
    ) { invocation throws(Failure) in
        try invocation.forbidDumps()
        let format: ImportFormat = try invocation.format()
        let place = try invocation.wholeSecret()
        let path = invocation.operand(1) ?? []
        let items: Items
        do { items = try Import.read(try TextFile.read(path), as: format) } catch {
            throw (error as? FormatError).map { Failure($0, in: path) } ?? (error as? Failure) ?? Failure(.failed, "can't read it")
        }
        let secret = ApplyRequest.Secret(
            ref: place.requestText, mode: .either, replaceItems: invocation.arguments.has("replace"),
            items: items.items.map { ApplyRequest.Item(name: $0.path, length: $0.value.count) })
        let answer = try Daemon.apply([secret], items.values, items.items.map(\.value))
        if invocation.wantsJSON { try answer.print() }
    }
}
