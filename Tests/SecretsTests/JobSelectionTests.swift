// SPDX-License-Identifier: MIT

import Secrets
import Testing

/// Which secrets a job has, and what it finds of them, as rows: a tree, a command line, and what comes of it.
@Suite struct JobSelectionTests {
    struct Row: CustomTestStringConvertible {
        let tree: [String]
        let command: String
        let view: String
        var said: [String] = []
        var testDescription: String { "\(tree) \(command)" }
    }

    static let scopes: [Row] = [
        Row(tree: [], command: "-p acme/web", view: ""),
        Row(
            tree: [
                "acme/web/db A", "acme/web@production/tls f:key", "acme/@org/aws B", "acme/api/db C", "acme/web@staging/tls D",
                "other/web/db E", "other/@org/aws F",
            ],
            command: "-p acme/web -t production",
            view: "A=acme/web/db B=acme/@org/aws f:key=acme/web@production/tls"),
        Row(tree: ["acme/web/db A", "acme/web@production/db B"], command: "-p acme/web", view: "A=acme/web/db"),
        Row(
            tree: ["acme/web/db A", "acme/web/x B", "acme/web/y C"], command: "-p acme/web -s x -s db", view: "A=acme/web/db B=acme/web/x"),
        Row(tree: ["acme/web/db"], command: "-p acme/web", view: ""),
        Row(
            tree: ["acme/web/db A A2 f:b f:a/c f:a.b"], command: "-p acme/web",
            view: "A=acme/web/db A2=acme/web/db f:a/c=acme/web/db f:a.b=acme/web/db f:b=acme/web/db"),
    ]

    /// Secrets of one name: the narrowest scope wins whole.
    static let sameNames: [Row] = [
        Row(
            tree: ["acme/web@production/db A", "acme/web/db A B", "acme/@org/db A C"], command: "-p acme/web -t production",
            view: "A=acme/web@production/db",
            said: [
                "acme/web@production/db hides acme/web/db: the narrower scope wins",
                "acme/web@production/db hides acme/@org/db: the narrower scope wins",
            ]),
        Row(
            tree: ["acme/web@production/db A", "acme/web/db A B", "acme/@org/db A C"], command: "-p acme/web",
            view: "A=acme/web/db B=acme/web/db", said: ["acme/web/db hides acme/@org/db: the narrower scope wins"]),
        Row(
            tree: ["acme/web@production/db", "acme/@org/db A C"], command: "-p acme/web@production -s db", view: "",
            said: ["acme/web@production/db hides acme/@org/db: the narrower scope wins"]),
        // Those that are hidden may be of any kind.
        Row(tree: ["acme/web/db A", "acme/@org/db B projects=api"], command: "-p acme/web", view: "A=acme/web/db"),
        Row(tree: ["acme/web/db A", "acme/@org/db B projects=api"], command: "-p acme/web -s db", view: "A=acme/web/db"),
        Row(tree: ["acme/web/db A", "acme/@org/db B may=none"], command: "-p acme/web", view: "A=acme/web/db"),
        Row(
            tree: ["acme/web/db A", "acme/@org/db B debug=deny may=list"], command: "-p acme/web --debug", view: "A=acme/web/db",
            said: ["acme/web/db hides acme/@org/db: the narrower scope wins"]),
        // What the starter can't list is not there, and hides nothing.
        Row(tree: ["acme/web@production/db A may=none", "acme/web/db B"], command: "-p acme/web -t production", view: "B=acme/web/db"),
        Row(tree: ["acme/web/db A may=none", "acme/@org/db B"], command: "-p acme/web -s db", view: "B=acme/@org/db"),
    ]

    /// Two secrets define one variable or file.
    static let sameItems: [Row] = [
        // Scope before anything else.
        Row(
            tree: ["acme/web@production/a X", "acme/web/b X", "acme/@org/c X"], command: "-p acme/web -t production",
            view: "X=acme/web@production/a",
            said: [
                "variable X is that of acme/web@production/a, not of acme/web/b: the narrower scope wins",
                "variable X is that of acme/web@production/a, not of acme/@org/c: the narrower scope wins",
            ]),
        Row(
            tree: ["acme/web/a X", "acme/@org/b X"], command: "-p acme/web -s a -s b", view: "X=acme/web/a",
            said: ["variable X is that of acme/web/a, not of acme/@org/b: the narrower scope wins"]),
        Row(
            tree: ["acme/web/a X", "acme/@org/b X"], command: "-p acme/web -s b -s a", view: "X=acme/web/a",
            said: ["variable X is that of acme/web/a, not of acme/@org/b: the narrower scope wins"]),
        // In one scope, what is named later.
        Row(
            tree: ["acme/web/a X", "acme/web/b X"], command: "-p acme/web -s b -s a", view: "X=acme/web/a",
            said: ["variable X is that of acme/web/a, not of acme/web/b: what is named later wins"]),
        Row(
            tree: ["acme/web/a X", "acme/web/b X"], command: "-p acme/web -s a -s b", view: "X=acme/web/b",
            said: ["variable X is that of acme/web/b, not of acme/web/a: what is named later wins"]),
        Row(
            tree: ["acme/web/a X", "acme/web/b X"], command: "-p acme/web -s a -s b -s a", view: "X=acme/web/a",
            said: ["variable X is that of acme/web/a, not of acme/web/b: what is named later wins"]),
        // Nothing named: the later name, by bytes.
        Row(
            tree: ["acme/web/b X", "acme/web/a X Y"], command: "-p acme/web", view: "X=acme/web/b Y=acme/web/a",
            said: ["variable X is that of acme/web/b, not of acme/web/a: the secret whose name comes later wins"]),
        Row(
            tree: ["acme/web/a X", "acme/web/B X"], command: "-p acme/web", view: "X=acme/web/a",
            said: ["variable X is that of acme/web/a, not of acme/web/B: the secret whose name comes later wins"]),
        Row(
            tree: ["acme/web/b2 f:k", "acme/web/b10 f:k"], command: "-p acme/web", view: "f:k=acme/web/b2",
            said: ["file k is that of acme/web/b2, not of acme/web/b10: the secret whose name comes later wins"]),
        // Variables are told apart by case, and a file is no variable.
        Row(
            tree: ["acme/web/a X f:X", "acme/web/b x f:x"], command: "-p acme/web",
            view: "X=acme/web/a x=acme/web/b f:X=acme/web/a f:x=acme/web/b"),
    ]

    /// A file stands where another needs a folder.
    static let filesAndFolders: [Row] = [
        Row(
            tree: ["acme/web/a f:x", "acme/@org/b f:x/y"], command: "-p acme/web", view: "f:x=acme/web/a",
            said: ["file x of acme/web/a leaves no place for file x/y of acme/@org/b: the narrower scope wins"]),
        Row(
            tree: ["acme/web/a f:x/y f:x/z", "acme/@org/b f:x"], command: "-p acme/web", view: "f:x/y=acme/web/a f:x/z=acme/web/a",
            said: ["file x/y of acme/web/a leaves no place for file x of acme/@org/b: the narrower scope wins"]),
        Row(
            tree: ["acme/web/a f:x", "acme/web/b f:x/y/z"], command: "-p acme/web -s b -s a", view: "f:x=acme/web/a",
            said: ["file x of acme/web/a leaves no place for file x/y/z of acme/web/b: what is named later wins"]),
        // What lost is in nobody's way.
        Row(
            tree: ["acme/web/a f:x", "acme/web/b f:x/y", "acme/@org/c f:x/z"], command: "-p acme/web",
            view: "f:x/y=acme/web/b f:x/z=acme/@org/c",
            said: ["file x/y of acme/web/b leaves no place for file x of acme/web/a: the secret whose name comes later wins"]),
        Row(tree: ["acme/web/a f:xy", "acme/web/b f:x/y"], command: "-p acme/web", view: "f:x/y=acme/web/b f:xy=acme/web/a"),
        // An absolute place is another than the same names below the home.
        Row(
            tree: ["acme/web/a f:@root/etc/k", "acme/web/b f:etc/k"], command: "-p acme/web",
            view: "f:@root/etc/k=acme/web/a f:etc/k=acme/web/b"),
        Row(
            tree: ["acme/web/a f:@root/etc/k", "acme/@org/b f:@root/etc/k"], command: "-p acme/web", view: "f:@root/etc/k=acme/web/a",
            said: ["file /etc/k is that of acme/web/a, not of acme/@org/b: the narrower scope wins"]),
    ]

    /// `--env` and `--file` win over everything.
    static let additions: [Row] = [
        Row(
            tree: ["acme/web@p/a X", "acme/api/b Y"], command: "-p acme/web -t p --env X=acme/api/b", view: "X=acme/api/b",
            said: ["variable X is that of acme/api/b, not of acme/web@p/a: what the command line places wins"]),
        Row(
            tree: ["acme/web/a X f:k"], command: "-p acme/web --env Y=acme/web/a/files/k --file acme/web/a/vars/X:/run/x",
            view: "X=acme/web/a Y=acme/web/a/files/k f:@root/run/x=acme/web/a/vars/X f:k=acme/web/a"),
        Row(
            tree: ["acme/web/a X", "user/mail Y Z"], command: "-p acme/web --file user/mail/env:.env",
            view: "X=acme/web/a f:.env=user/mail/env"),
        Row(
            tree: ["acme/web/a X", "acme/web/b Y"], command: "-p acme/web --env Z=acme/web/a --env Z=acme/web/b",
            view: "X=acme/web/a Y=acme/web/b Z=acme/web/b",
            said: ["variable Z is that of acme/web/b, not of acme/web/a: what is named later wins"]),
        Row(
            tree: ["acme/web/a X"], command: "-p acme/web --env Z=acme/web/a --env Z=acme/web/a/vars/X",
            view: "X=acme/web/a Z=acme/web/a/vars/X"),
        Row(
            tree: ["acme/web/a X"], command: "-p acme/web --file acme/web/a:x --file acme/web/a:x/y",
            view: "X=acme/web/a f:x/y=acme/web/a",
            said: ["file x/y of acme/web/a leaves no place for file x of acme/web/a: what is named later wins"]),
        // That a file of another name has no place is told.
        Row(
            tree: ["acme/web/a f:x/y f:z"], command: "-p acme/web --file acme/web/a/files/z:x",
            view: "f:x=acme/web/a/files/z f:z=acme/web/a",
            said: ["file x of acme/web/a/files/z leaves no place for file x/y of acme/web/a: what the command line places wins"]),
        // Not selected, yet added.
        Row(
            tree: ["acme/web/a X", "acme/web/b Y Z"], command: "-p acme/web -s a --env Q=acme/web/b/vars/Y",
            view: "Q=acme/web/b/vars/Y X=acme/web/a"),
    ]

    @Test(arguments: scopes + sameNames + sameItems + filesAndFolders + additions)
    func `rows`(_ row: Row) throws {
        // The order in which the store lists secrets is none of the rules.
        for tree in [row.tree, row.tree.reversed()] {
            let world = try JobWorld(tree)
            #expect(try world.view(row.command) == row.view)
            #expect(try world.said(row.command) == row.said)
        }
    }

    @Test(
        arguments: [
            // Without names: all that is in scope must be usable.
            (["acme/web/a X", "acme/web/b Y may=list"], "-p acme/web", ["acme/web/b: no grant to run or read it"]),
            (["acme/@org/b Y may=list"], "-p acme/web", ["acme/@org/b: no grant to run or read it"]),
            (
                ["acme/web/a X projects=none", "acme/web/b Y debug=deny"], "-p acme/web --debug",
                ["acme/web/a: its policy does not admit project \"web\"", "acme/web/b: its policy does not allow debug sessions"]
            ),
            (["acme/@org/awskey A debug=deny"], "-p acme/api --debug", ["acme/@org/awskey: its policy does not allow debug sessions"]),
            // A wider one does not step in.
            (["acme/web/db A may=list", "acme/@org/db A"], "-p acme/web", ["acme/web/db: no grant to run or read it"]),
            (["acme/web/db A projects=api", "acme/@org/db A"], "-p acme/web", ["acme/web/db: its policy does not admit project \"web\""]),
            // The grant comes first: of a policy that is not theirs to use, people learn nothing.
            (["acme/web/db A projects=api may=list"], "-p acme/web", ["acme/web/db: no grant to run or read it"]),
            // With names.
            (["acme/@org/awskey A projects=web"], "-p acme/api -s awskey", ["acme/@org/awskey: its policy does not admit project \"api\""]),
            (["acme/web/a X"], "-p acme/web -s b", ["b: no such secret in acme/web, acme/@org"]),
            (["acme/web/a X may=none"], "-p acme/web -s a", ["a: no such secret in acme/web, acme/@org"]),
            (["acme/web/a X"], "-p acme/web -t p -s acme/web/a", ["acme/web/a: no such secret in acme/web@p, acme/web, acme/@org"]),
            (
                ["acme/web/a X may=list"], "-p acme/web -s b -s a",
                ["b: no such secret in acme/web, acme/@org", "acme/web/a: no grant to run or read it"]
            ),
            // What was not named does not matter.
            (["acme/web/a X", "acme/web/b X may=list", "acme/web/c projects=none"], "-p acme/web -s a", []),
            // Additions.
            (
                ["acme/web/a X Y f:k", "acme/api/b Z may=none", "acme/api/c Z may=list", "acme/api/d Z projects=api"],
                "-p acme/web --env A=acme/web/a --env A=acme/web/x --env A=acme/web/a/vars/Z --env B=acme/api/b --env B=acme/api/c"
                    + " --env B=acme/api/d",
                [
                    "acme/web/a: no variable or file, and no secret that holds exactly one", "acme/web/x: no such variable or file",
                    "acme/web/a/vars/Z: no such variable or file", "acme/api/b: no such variable or file",
                    "acme/api/c: no grant to run or read it", "acme/api/d: its policy does not admit project \"web\"",
                ]
            ),
            (
                ["acme/web/a X"], "-p acme/web --env A-B=acme/web/a",
                ["acme/web/a: variable A-B: the name has a byte that is not allowed, at offset 1 (allowed: \(NameRule.variable.text))"]
            ),
        ] as [([String], String, [String])])
    func `refusals`(_ tree: [String], _ command: String, _ refusals: [String]) throws {
        for tree in [tree, tree.reversed()] { #expect(try JobWorld(tree).refused(command) == refusals) }
    }

    /// The view follows what the secrets hold; which secrets there are does not change.
    @Test func `the view is of the moment`() throws {
        let selection = try JobWorld(["acme/web/a X", "acme/@org/b X Y"]).select("-p acme/web")
        let (a, b) = (try node(1000), try node(2000))
        func variables(_ contents: [NodeID: [JobContent]]) -> [String] {
            JobView(selection, contents: contents).variables.map { "\($0.path) \($0.source)" }
        }
        let item = Inode(try node(9))
        #expect(variables([a: [JobContent(jobPath("N"), item)]]) == ["variable N acme/web/a"])
        #expect(variables([a: [], b: [JobContent(jobPath("X"), item)]]) == ["variable X acme/@org/b"])
        #expect(variables([try node(3000): [JobContent(jobPath("X"), item)]]) == [])
    }

    @Test func `looking in the view`() throws {
        let world = try JobWorld(["acme/web/a X f:.ssh/id f:.ssh/keys/a f:k", "acme/web/b f:.ssh/keys/b f:.ssh.d/x"])
        let view = JobView(try world.select("-p acme/web"), contents: world.contents)
        func names(_ folder: String) -> [String]? {
            view.names(in: folder.split(separator: "/").map { Array($0.utf8) })?.map { text($0.name) + ($0.isFolder ? "/" : "") }
        }
        #expect(names("") == [".ssh/", ".ssh.d/", "k"])
        #expect(names(".ssh") == ["id", "keys/"])
        #expect(names(".ssh/keys") == ["a", "b"])
        for folder in [".ss", "k", ".ssh/id", "x"] { #expect(names(folder) == nil) }
        #expect(view[jobPath("f:.ssh/keys/b")]?.source.description == "acme/web/b")
        #expect(view[jobPath("X")]?.item == world.secrets[0].contents[0].item)
        for path in ["f:.ssh", "f:X", "k", "Y"] { #expect(view[jobPath(path)] == nil) }
        let empty = JobView(try JobWorld([]).select("-p acme/web"), contents: [:])
        #expect(empty.names(in: []).map(\.isEmpty) == true && empty.names(in: [bytes("a")]) == nil)
    }
}
