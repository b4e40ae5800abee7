// SPDX-License-Identifier: MIT

import Testing

@testable import Secrets

/// Whether a place is wider than another, as rows: who holds what there, and here.
@Suite struct ExposureTests {
    private let policy = AccessPolicy.standard

    private func isWider(_ new: [[Grant]], than old: [[Grant]]) -> Bool {
        Exposure(new, policy: policy).isWider(than: Exposure(old, policy: policy))
    }

    @Test(
        arguments: [
            ([], [], false), ([.read], [.read], false), ([.read], [], true), ([], [.read], false),
            ([.run], [], true), ([.run], [.run], false),
            // Who may read it knows it, and learns nothing in a job. Who may run it gets it in jobs alone.
            ([.run], [.read], false), ([.read], [.run], true), ([.read, .run], [.read], false),
            // These get no value by themselves.
            ([.list, .write], [], false),
            // Who may manage it could give themselves what they lack.
            ([.manage], [], true), ([.read, .run], [.manage], false), ([.manage], [.read], false), ([.manage], [.run], true),
        ] as [(Rights, Rights, Bool)])
    func `by one principal`(new: Rights, old: Rights, isWider: Bool) {
        for principal in [Principal.user(1), .group(1)] {
            #expect(self.isWider([[Grant(principal, new)]], than: [[Grant(principal, old)]]) == isWider)
            // On whichever level.
            #expect(self.isWider([[], [Grant(principal, new)]], than: [[Grant(principal, old)], []]) == isWider)
        }
    }

    @Test func `principals are not taken for one another`() {
        #expect(isWider([[Grant(.user(1), .read)]], than: [[Grant(.user(2), .read)]]))
        #expect(isWider([[Grant(.user(1), .read)]], than: [[Grant(.group(1), .read)]]))
        #expect(isWider([[Grant(.group(1), .read)]], than: [[Grant(.user(1), .read)]]))
        #expect(isWider([[Grant(.user(1), .read), Grant(.user(2), .run)]], than: [[Grant(.user(1), .read)]]))
        #expect(!isWider([[Grant(.user(1), .read)]], than: [[Grant(.user(1), .read), Grant(.user(2), .read)]]))
    }

    @Test func `policies count for those who get at it`() throws {
        let all = try [AccessPolicy.Projects.none, .only([Array("web".utf8)]), .only([Array("web".utf8), Array("app".utf8)]), .all].flatMap
        { projects in
            try [false, true].flatMap { debug in
                try [false, true].map { attach in try AccessPolicy(projects: projects, debug: debug, attach: attach) }
            }
        }
        for new in all {
            for old in all {
                // By what each lets a job of each project do.
                let isMore =
                    [Array("web".utf8), Array("app".utf8), Array("other".utf8)].contains {
                        new.admits(project: $0) && !old.admits(project: $0)
                    }
                    || new.debug && !old.debug || new.attach && !old.attach
                #expect(new.allowsNoMore(than: old) == !isMore)
                let run = [[Grant(.user(1), .run)]]
                #expect(Exposure(run, policy: new).isWider(than: Exposure(run, policy: old)) == isMore)
                #expect(!Exposure([[Grant(.user(1), .write)]], policy: new).isWider(than: Exposure([], policy: old)))
            }
            // One that can't be read lets nobody use it.
            #expect(!Exposure([[Grant(.user(1), .run)]], policy: nil).isWider(than: Exposure([[Grant(.user(1), .run)]], policy: new)))
            #expect(Exposure([[Grant(.user(1), .run)]], policy: new).isWider(than: Exposure([[Grant(.user(1), .run)]], policy: nil)))
        }
    }

    /// By what each serves at each time.
    @Test func `what expires does not come where it holds for longer`() throws {
        let times: [Expiry] = [.never, .at(10), .at(20)]
        let all = try times.flatMap { time in
            try ExpiryAction.allCases.map { action in
                try AccessPolicy(projects: .all, debug: true, attach: true, dates: PolicyDates(expiry: time, onExpire: action))
            }
        }
        func isServed(by policy: AccessPolicy, at time: Int64) -> Bool { policy.dates.deadline.map { time < $0 } ?? true }
        for new in all {
            for old in all {
                let isLonger = [5, 10, 15, 20, 25].contains { isServed(by: new, at: $0) && !isServed(by: old, at: $0) }
                #expect(new.allowsNoMore(than: old) == !isLonger, "\(new.dates) \(old.dates)")
                let read = [[Grant(.user(1), .read)]]
                #expect(Exposure(read, policy: new).isWider(than: Exposure(read, policy: old)) == isLonger)
                // Also where all else of the old one is not known, and where nobody may read it yet.
                #expect(Exposure(read, policy: new).isWider(than: Exposure(read, policy: nil, dates: old.dates)) == isLonger)
                #expect(Exposure([[]], policy: new).isWider(than: Exposure([[]], policy: old)) == isLonger)
            }
        }
    }
}
