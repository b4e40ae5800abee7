// SPDX-License-Identifier: MIT

// Keeps values out of what a program prints. Open this file first, then MaskedValues.swift and Masker.swift.
//
// `MaskedValues` is made once, of all values of a job. Each stream has a `Masker` of its own, which takes the stream in chunks and
// gives it out again with `***` in the place of every value, wherever the borders between the chunks are.
//
// Words
//   pattern    bytes that are looked for: a value without the line ends at its end, or a line of it (`Patterns.swift`)
//   reading    one way to take the stream: as it is, with escapes undone, or as base64 (`TextReadings`, `Base64Reading`)
//   track      how far a reading is in the patterns (`Track`): at each byte the longest beginning of a pattern that ends there
//   block      64 bytes of a value that is too long for a pattern (`Blocks.swift`)
//   held       what has come and may still turn out to belong to a value
//
// The patterns are those of the values themselves; it is the stream that is decoded, in every reading at once. So any mixture of
// what an encoder may escape is found, and base64 at each alignment, in both alphabets, with padding or without, broken in lines.
// The stretch that a match covers in the stream is masked whole, with characters that only in part belong to the value.
//
// Found are values
//   as they are; in shell quotes (`'it'\''s'`, `'it'"'"'s'`)
//   with percent escapes in either case; a space also as `+`
//   with the escapes of JSON, C, Python and a shell: `\n`, `\/`, `\"`, `\u00e9`, `\ud83d\udd11`, `\xe9`, `\351`, `\$`
//   in base64, which may have percent or backslash escapes in it
// Line ends are alike: LF, CR LF, and CR CR LF, which a terminal makes of CR LF.
//
// Not found are values that are encoded twice, compressed, in hexadecimal or with entities of HTML, and parts of a line. Masking
// keeps values out of logs; it does not keep them from a program that wants to print them.
//
// Guarantees
//   - What comes out doesn't depend on where the borders of chunks are, except through `release`.
//   - Nothing but matches is changed, so colours and the moving of a cursor stay as they were.
//   - The time is linear in the length of the stream, and memory is bounded by what the values need.
//   - Values and what is held are only ever in locked memory.
