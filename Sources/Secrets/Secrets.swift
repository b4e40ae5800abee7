// SPDX-License-Identifier: MIT

// The domain: what the tree is, who may do what in it, and how its variables look as text. Open this file first.
//
// The module is pure. It imports nothing but `Bytes`, asks the system nothing and keeps no state: every function gives the same
// answer for the same arguments, so policy can be tested by rows and parsers can be fuzzed as they are.
//
// Words
//   node       something in the tree that is stored: an organization, a project, a secret, a variable (`Node.swift`)
//   facet      a derived view of a secret: `env`, `vars/`, `files/`. A node and a facet make an inode number
//   item       what holds bytes: a variable, a file, or `env`
//   reference  a path in the tree, as people write it: `secret:acme/web/db/vars/PASSWORD` (`Reference.swift`)
//   right      list, read, write, run or manage (`Rights.swift`)
//   grant      a set of rights given to a principal (a user or a group) on a node, for it and all below it
//   subject    what a decision is about: a node or facet with the grants on it and above it, nearest first
//   caller     who asks, as the kernel or the socket told it
//   job        a tree of processes that may use certain secrets while it runs: those of its scope (`Jobs/JobScope.swift`)
//   starter    the one who started a job: what it may use, they may `run` or `read`
//   view       what a job finds in `job/`
//
// Where things are
//   Decide       `decide()`: may this caller use this right here, and why (or why not)
//   PosixACL     the bytes of `system.posix_acl_access` and `…_default`
//   ShownACL     grants as an ACL for `getfacl` and for the kernel's own check
//   ACLChange    what an ACL from `setfacl` changes about the grants
//   AccessPolicy what a secret allows to jobs
//   JobSelection which secrets a job has, or why it can't be started; JobView: its variables and files
//   DecideInJob  the same question as `decide()` answers, for a process inside a job; who may look at a job's view
//   Placement    where a job finds a file
//   EnvText      assignments in and out: parser and writer of `env`
//
// Guarantees
//   - Nothing here traps on outside input. Parsers take a span, have a stated maximum and report an offset.
//   - Errors hold positions, ids and names of rules; never a byte of a value.
//   - Values pass through spans that the caller owns. None is copied into an array or a string.
