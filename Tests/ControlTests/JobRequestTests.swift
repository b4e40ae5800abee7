// SPDX-License-Identifier: MIT

import ControlAPI
import Foundation
import Linux
import Secrets
import Testing
import Vault

@testable import Control

/// Jobs over one connection that stays: whose requests are all of the process that connected.
@Suite struct JobRequestTests {
    private func server() throws -> Server {
        let server = try Server(owner: geteuid() &+ 1)
        try server.make("acme/web/db", ["vars/PASSWORD": marker])
        try server.share("acme/web", [.list, .read])
        return server
    }

    @Test func `who asks twice stays in the first`() throws {
        let server = try server()
        let connection = try KeptConnection(server)
        let job = try connection.start()
        #expect(job.pid == getpid())
        #expect(try connection.ask("POST", Endpoint.jobs, #"{"project":"acme/web"}"#).status == 409)
        #expect(try connection.jobs() == [job.id])
        // Inside, where nobody owns anything and nothing is shared.
        #expect(try connection.ask("GET", Endpoint.jobValues).status == 200)
        #expect(try server.vault.membership(thread: getpid(), process: getpid())?.job.id.description == job.id)
        try server.vault.endJob(try #require(JobID(Array(job.id.utf8))), by: server.keeper)
        // What was ended holds on to who is in it.
        #expect(try server.vault.membership(thread: getpid(), process: getpid())?.job.isOver == true)
        #expect(try connection.jobs() == [])
        #expect(try connection.ask("GET", "\(Endpoint.value)?ref=acme/web/db").status == 404)
        for (method, target, body) in [("GET", Endpoint.jobValues, ""), ("POST", Endpoint.jobs, #"{"project":"acme/web"}"#)] {
            let answer = try connection.ask(method, target, body)
            #expect(answer.status == 403 && answer.body.contains("the job has ended"), "\(target): \(answer.body)")
        }
    }

    /// Else who started it could not tell its id, to end it.
    @Test func `a job whose project is gone is listed by what it was`() throws {
        let server = try server()
        let connection = try KeptConnection(server)
        let job = try connection.start()
        #expect(job.project == "acme/web" && job.secrets == ["acme/web/db"])
        for path in ["acme/web/db", "acme/web"] {
            _ = try server.vault.remove(try Reference.parse(path), purge: false, by: server.keeper)
        }
        let jobs = try JSONDecoder().decode(JobsReply.self, from: Data(try connection.ask("GET", Endpoint.jobs).body.utf8)).jobs
        #expect(jobs.map(\.id) == [job.id] && jobs.map(\.project) == ["acme/web"] && jobs.map(\.secrets) == [["acme/web/db"]])
    }

    /// Who starts jobs names what is in them, and others list them.
    @Test func `a list names a few of many and counts all`() throws {
        let server = try server()
        for number in 0..<30 { try server.make("acme/web/s\(number)", ["files/f\(number)": marker]) }
        let connection = try KeptConnection(server)
        let started = try connection.start()
        #expect(started.secrets.count == 31 && started.files.count == 30)
        #expect(started.counts == JobReply.Counts(secrets: 31, opened: 0))
        #expect(try connection.ask("GET", "\(Endpoint.jobValues)?all=true").status == 200)
        func jobs(_ query: String = "") throws -> [JobReply] {
            let answer = try connection.ask("GET", Endpoint.jobs + query)
            try #require(answer.status == 200, "\(answer.body)")
            return try JSONDecoder().decode(JobsReply.self, from: Data(answer.body.utf8)).jobs
        }
        let listed = try #require(try jobs().first)
        #expect(listed.secrets == Array(started.secrets.prefix(16)) && listed.opened.count == 16 && listed.files == [])
        #expect(listed.counts == JobReply.Counts(secrets: 31, opened: 31))
        let whole = try jobs("?id=\(started.id)")
        #expect(whole.map(\.secrets) == [started.secrets] && whole.map(\.opened) == [started.secrets.sorted()])
        #expect(whole.map(\.files) == [started.files] && whole.map(\.counts) == [listed.counts])
        #expect(try jobs("?id=0000000000000000") == [])
        #expect(try connection.ask("GET", Endpoint.jobs + "?id=x").status == 400)
    }

    @Test func `a hint leads somewhere`() throws {
        let server = try server()
        let elsewhere = try KeptConnection(server)
        func refusal(_ answer: (status: Int, body: String)) throws -> Refusal {
            #expect(answer.status == 403)
            return try JSONDecoder().decode(Refusal.self, from: Data(answer.body.utf8))
        }
        // In no job.
        #expect(try refusal(elsewhere.ask("GET", Endpoint.jobValues)).hint == nil)
        let job = try elsewhere.start()
        // Inside one.
        for target in [Endpoint.attach, Endpoint.end] {
            let told = try refusal(elsewhere.ask("POST", "\(target)?id=\(job.id)"))
            #expect(told.error == "permission denied: not from inside a job" && told.hint == nil)
        }
        #expect(Refused(.denied(.notStarter)).refusal.hint == "tacit jobs lists your jobs")
        #expect(Refused(.denied(.noGrant)).refusal.hint == "tacit why REF tells right by right what you may")
    }

    @Test func `a folder of too many secrets is said`() throws {
        let server = try server()
        let secrets = try (0..<1000).map { SecretChange(try Reference.parse("acme/web/s\($0)"), mode: .create) }
        _ = try server.vault.apply(secrets, values: unsafe [UInt8]().span.bytes, by: server.keeper)
        let answer = try KeptConnection(server).ask("POST", Endpoint.jobs, #"{"project":"acme/web"}"#)
        let told = try JSONDecoder().decode(Refusal.self, from: Data(answer.body.utf8))
        #expect(answer.status == 409 && told.error == "acme/web: it has more than 1000 secrets")
        #expect(told.hint?.hasPrefix("-s names those that the job is to have") == true)
    }

    /// What is on the way to something of the job tells no more than that.
    @Test func `who has one item of a secret sees no other`() throws {
        let server = try server()
        try server.make("acme/api/key", ["vars/ONE": marker, "vars/OTHER": marker, "files/a/b": marker])
        try server.share("acme/api/key/vars/ONE", [.list, .read])
        let connection = try KeptConnection(server)
        let order = #"{"project":"acme/web","secrets":[],"variables":[{"name":"X","ref":"acme/api/key/vars/ONE"}]}"#
        #expect(try connection.ask("POST", Endpoint.jobs, order).status == 200)
        for target in [
            "\(Endpoint.secret)?ref=acme/api/key", "\(Endpoint.entries)?ref=acme/api/key", "\(Endpoint.history)?ref=acme/api/key",
        ] {
            let answer = try connection.ask("GET", target)
            #expect(
                answer.status == 200 && answer.body.contains("ONE") && !answer.body.contains("OTHER") && !answer.body.contains("files/"))
        }
        for reference in ["acme", "acme/api", "acme/api/key"] {
            #expect(try connection.ask("GET", "\(Endpoint.acl)?ref=\(reference)").status == 403)
        }
        #expect(try connection.ask("GET", "\(Endpoint.acl)?ref=acme/api/key/vars/ONE").status == 200)
    }
}

/// A connection that takes one request after another.
final class KeptConnection {
    private let connection: FileDescriptor

    init(_ server: Server) throws { connection = try UnixStream.connect(server.socket) }

    func ask(_ method: String, _ target: String, _ body: String = "") throws -> (status: Int, body: String) {
        try connection.writeAll(Array("\(method) \(target) HTTP/1.1\r\nHost: x\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)".utf8))
        var head: [UInt8] = []
        while !head.suffix(4).elementsEqual("\r\n\r\n".utf8) { head.append(try #require(try connection.readByte())) }
        let lines = String(decoding: head, as: UTF8.self).components(separatedBy: "\r\n")
        let length = lines.first { $0.lowercased().hasPrefix("content-length:") }.flatMap { Int($0.dropFirst(15).drop { $0 == " " }) } ?? 0
        var rest: [UInt8] = []
        while rest.count < length { rest.append(try #require(try connection.readByte())) }
        return (Int(lines[0].split(separator: " ")[1]) ?? 0, String(decoding: rest, as: UTF8.self))
    }

    func start() throws -> JobReply {
        let answer = try ask("POST", Endpoint.jobs, #"{"project":"acme/web"}"#)
        try #require(answer.status == 200, "\(answer.body)")
        return try JSONDecoder().decode(JobReply.self, from: Data(answer.body.utf8))
    }

    func jobs() throws -> [String] {
        try JSONDecoder().decode(JobsReply.self, from: Data(try ask("GET", Endpoint.jobs).body.utf8)).jobs.map(\.id)
    }
}
