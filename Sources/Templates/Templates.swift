// SPDX-License-Identifier: MIT

// Texts with secrets put in. Open this file first.
//
//     ${secrets.NAME}       the one item of the secret NAME
//     ${secrets.NAME.VAR}   a variable of it
//     $${                   stands for ${, whatever follows
//     ${secrets.$}          stands for $, also in front of a value: ${secrets.$}${secrets.PRICE}
//
// All other bytes stay as they are, `$HOME`, `${HOME}` and `$$` too: a template may be a script, or a template of something else.
// Nothing is escaped for the format that the template is of, and a value that is put in is not looked at.
//
// A name of a secret may have dots in it. `${secrets.a.b}` is whichever there is: the secret `a.b` or the variable `b` of the secret
// `a`. If there are both, it is an error.
//
// `TemplateText` finds the references, purely; `Template` renders. Values are only ever in locked memory and in spans of it. Errors
// name positions, and references as they stand in the template.
