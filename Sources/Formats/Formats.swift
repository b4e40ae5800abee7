// SPDX-License-Identifier: MIT

// How secrets look in files of other programs, in and out. Open this file first, then Export.swift and Import.swift.
//
// Out: `Export` writes the items of a secret as text for a shell, for dotenv readers, for docker, for systemd, as JSON or as a
// Kubernetes Secret. In: `Import` reads dotenv, JSON and Kubernetes Secrets, and `Manifest` the v1beta manifests of Semaphore.
//
// Words
//   item       a variable or a file: its name, and where its value lies among the bytes beside
//   values     locked memory that holds the bytes of several items
//
// Guarantees
//   - Values are only ever in locked memory and in spans of it. libyaml takes its memory from here, too (`YAMLMemory`).
//   - A format gets all values or none: what can't be read back byte for byte by the format's own reader is refused, by name.
//   - Readers have stated maxima, trap on nothing, and say the line of what is wrong; an error never quotes what may be a value.
