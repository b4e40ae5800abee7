// SPDX-License-Identifier: MIT

import Glibc
import Testing

@testable import Linux

@Suite struct OpenDescriptorsTests {
    @Test func `those of this process are listed`() throws {
        let file = try FileDescriptor.open("/dev/null", .readOnly)
        #expect(OpenDescriptors.own.contains(file.rawValue))
        #expect(!OpenDescriptors.own.contains(Int32.max))
    }
}
