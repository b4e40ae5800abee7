// SPDX-License-Identifier: MIT

import Foundation
import TestSupport

/// How `docker run --env-file` reads a file, as its documentation and its messages tell.
enum DockerRules {
    /// The assignments; nil for a file that it refuses.
    static func read(_ text: [UInt8]) -> [[UInt8]]? {
        var lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map(Array.init)
        if lines.last?.isEmpty == true { lines.removeLast() }
        var read: [[UInt8]] = []
        for var line in lines {
            guard line.count < 65_536, String(validating: line, as: UTF8.self) != nil else { return nil }
            if line.last == UInt8(ascii: "\r") { line.removeLast() }
            let start = line.drop { [9, 11, 12, 32].contains($0) }
            if start.isEmpty || start.first == UInt8(ascii: "#") { continue }
            let name = start.prefix { $0 != UInt8(ascii: "=") }
            guard !name.isEmpty, !name.contains(where: { [9, 11, 12, 13, 32].contains($0) }) else { return nil }
            // A name alone is taken from docker's own environment.
            if name.count < start.count { read.append(Array(start)) }
        }
        return read
    }
}

/// The client of docker, with a daemon that only notes what it is asked for.
enum DockerClient {
    static let isThere = (try? Command("docker", "--version").run().succeeded) == true

    /// The assignments; nil for a file that it refuses.
    static func read(_ text: [UInt8]) throws -> [[UInt8]]? {
        let scratch = try Scratch()
        try scratch.file("env", Data(text))
        let daemon = try Command("python3", "-c", script, scratch.path).start()
        try daemon.waitFor("listening")
        var command = Command("docker", "-H", "unix://\(scratch.path)/socket", "create", "--env-file", "env", "image")
        command.folder = scratch.path
        command.environment = ["HOME": scratch.path]
        guard try command.run().succeeded else { return nil }
        let noted = Scratch.contents(scratch.path + "/noted")
        guard let assignments = try JSONSerialization.jsonObject(with: noted) as? [String] else { throw Trouble("no assignments") }
        return assignments.map { Array($0.utf8) }
    }

    private static let script = """
        import http.server, json, socketserver, sys
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def log_message(self, *arguments): pass
            def answer(self, status, body):
                body = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Api-Version", "1.41")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD": self.wfile.write(body)
            def do_HEAD(self): self.answer(200, "OK")
            def do_GET(self): self.answer(200, "OK")
            def do_POST(self):
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with open(sys.argv[1] + "/noted", "w") as noted: json.dump(request["Env"] or [], noted)
                self.answer(201, {"Id": "0" * 64, "Warnings": []})
        class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
            daemon_threads = True
        server = Server(sys.argv[1] + "/socket", Handler)
        print("listening", flush=True)
        server.serve_forever()
        """
}
