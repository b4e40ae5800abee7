// SPDX-License-Identifier: MIT

import Secrets
import Testing

@testable import Vault

/// Numbers of what is in a job's folder, and what goes with its names.
@Suite struct JobNumberTests {
    @Test func `there are only so many and each stays its own`() throws {
        var numbers = JobNumbers()
        func name(_ number: Int) -> JobPlace { .variable(Array("V\(number)".utf8)) }
        var last = -1
        for number in 0... {
            guard let index = numbers.index(of: name(number)) else { break }
            #expect(index > last && numbers.place(UInt64(index)) == name(number))
            last = index
        }
        #expect(last == JobNumbers.most - 1)
        #expect(numbers.index(of: .below([Array("f".utf8)])) == nil)
        #expect(numbers.index(of: name(0)).map { numbers.place(UInt64($0)) } == name(0))
        #expect(numbers.place(UInt64(last) + 1) == nil)
    }

    /// The kernel may come with a number at any time.
    @Test func `a name that is gone leaves its number to no other`() throws {
        let site = try JobSite()
        let (safe, vault) = (site.safe, site.safe.vault)
        let job = try site.start()
        let gone = try vault.inode(.variable(Array("A".utf8)), in: job)
        try safe.unlink("acme/web/db/vars/A")
        try safe.apply("acme/web/db", ["vars/C": "3"])
        #expect(try vault.inode(.variable(Array("C".utf8)), in: job) != gone)
        #expect(try vault.place(gone).place == .variable(Array("A".utf8)))
        #expect(refusal { _ = try vault.open(.variable(Array("A".utf8)), of: job, for: site.caller(in: job)) } == "notFound")
    }

    /// Whoever looks a name up has what comes with it.
    @Test func `with a name comes nothing that nobody in the job was told`() throws {
        let site = try JobSite()
        let (safe, vault) = (site.safe, site.safe.vault)
        let job = try site.start()
        for place in [JobPlace.variable(Array("A".utf8)), .env] {
            func told() throws -> PlaceAttributes { try vault.attributesTold(of: place, in: job) }
            _ = try vault.inode(place, in: job)
            #expect(try told().size == 0 && told().changed == job.started && told().form == .item)
            let shown = try vault.attributes(of: place, in: job)
            #expect(shown.size > 0 && shown.changed != job.started)
            #expect(try told().size == shown.size && told().changed == shown.changed)
            try safe.apply("acme/web/db", ["vars/A": "longer"])
            #expect(try told().size == shown.size && told().changed == shown.changed)
            #expect(try vault.attributes(of: place, in: job).size > shown.size)
            #expect(try told().size > shown.size)
            try safe.apply("acme/web/db", ["vars/A": "1"])
        }
        try safe.unlink("acme/web/db/vars/A")
        #expect(refusal { _ = try vault.attributesTold(of: .variable(Array("A".utf8)), in: job) } == "notFound")
        #expect(try vault.attributesTold(of: .below([]), in: job).form == .folder)
    }
}
