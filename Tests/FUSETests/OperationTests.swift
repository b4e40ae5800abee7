import FUSE
import Linux
import Testing

/// Each operation once with success, once with an error.
@Suite(.serialized) struct OperationTests {
    @Test func namesAndFiles() throws {
        try Mounting.run { mount throws in
            #expect(try mount.output("mkdir a && echo hello > a/f && cat a/f && ls a") == "hello\nf")
            #expect(try mount.output("mv a/f a/g && cat a/g && ls a") == "hello\ng")
            #expect(try mount.output("rm a/g && rmdir a && ls") == "")
        }
    }
}
