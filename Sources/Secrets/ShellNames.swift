// SPDX-License-Identifier: MIT

/// The names of variables that a shell keeps for itself: what is assigned to them is evaluated, changes who the shell is, ends its
/// script, or is something else when it is read.
///
/// A text that shells source has no assignment to them. `EnvShellNameTests` asks the shells: dash, bash, `bash --posix`, zsh, mksh and
/// busybox sh, each by itself, as root and as another user; what they don't take as a mere name is in this table, and nothing else is.
/// `PATH`, `HOME`, `IFS`, `LANG` and the like are not: a shell goes by them, and they have the value that was assigned.
package enum ShellNames {
    /// The effect of an assignment in a shell.
    package enum Effect: CaseIterable, Sendable {
        /// It evaluates the value, at once or when it uses it, and so runs commands that are in it.
        case evaluates
        /// A shell of root becomes another user or group.
        case identity
        /// The name is readonly, or takes a number or a table only: the script ends there, or loses what follows.
        case ends
        /// The value is another when it is read, or that of another variable or of an argument of the script is.
        case changes
        /// It prints the value, in an error.
        case tells

        /// For messages and the manual: what a shell does with the value.
        package var text: String {
            switch self {
            case .evaluates: "evaluates the value, which can run commands"
            case .identity: "becomes another user by it, if it is root's"
            case .ends: "ends the script there, or loses what follows"
            case .changes: "changes the value, or another variable by it"
            case .tells: "prints the value, in an error"
            }
        }
    }

    /// The worst effect that a name has in any of the shells; nil if all take it as the name of a variable and nothing more.
    package static func effect(of name: [UInt8]) -> Effect? { table[name] }

    /// Whether a shell keeps the name for itself.
    package static func isKept(_ name: [UInt8]) -> Bool { table[name] != nil }

    /// Whether shells choose a locale by the variable. A value that names none bash tells in a warning, as do programs that it starts.
    package static func choosesLocale(_ name: [UInt8]) -> Bool {
        name.starts(with: "LC_".utf8) || name.elementsEqual("LANG".utf8)
    }

    /// All of them, in the order of their bytes.
    package static var all: [[UInt8]] { table.keys.sorted { $0.lexicographicallyPrecedes($1) } }

    private static let table: [[UInt8]: Effect] = {
        var table: [[UInt8]: Effect] = [:]
        for effect in Effect.allCases {
            for name in names(effect).utf8.split(whereSeparator: { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") }) {
                table[Array(name)] = effect
            }
        }
        return table
    }()

    private static func names(_ effect: Effect) -> String {
        switch effect {
        case .evaluates:
            // Numbers of bash and mksh; prompts, which bash, dash, busybox and mksh expand, and zsh with PROMPT_SUBST; what bash and
            // others expand when they start; what bash says of new mail; numbers that zsh evaluates after a command and at pushd, and what
            // it runs where a redirection stands alone.
            """
            BASHPID COLUMNS HISTCMD HISTSIZE KSHEGID KSHGID KSHUID LINES OPTIND PGRP PPID RANDOM SECONDS SRANDOM TMOUT USER_ID
            PS0 PS1 PS2 PS3 PS4 PROMPT PROMPT2 PROMPT3 PROMPT4 PROMPT_COMMAND PROMPT_EOL_MARK RPROMPT RPROMPT2 RPS1 RPS2 SPROMPT prompt
            BASH_ENV ENV MAILPATH mailpath REPORTTIME REPORTMEMORY DIRSTACKSIZE NULLCMD READNULLCMD
            """
        case .identity: "EGID EUID GID UID USERNAME"
        case .ends:
            // Readonly in bash, mksh and zsh; where zsh finds the modules that variables are in; numbers of zsh; tables of zsh, those of
            // its modules too.
            """
            BASHOPTS BASH_VERSINFO SHELLOPTS KSH_VERSION MODULE_PATH ARGC ERRNO TTYIDLE ZSH_EVAL_CONTEXT ZSH_SUBSHELL zsh_eval_context
            status FUNCNEST KEYTIMEOUT LISTMAX LOGCHECK MAILCHECK SAVEHIST SHLVL TRY_BLOCK_ERROR TRY_BLOCK_INTERRUPT ZCURSES_COLORS
            ZCURSES_COLOR_PAIRS ZLE_RPROMPT_INDENT
            aliases builtins commands dis_aliases dis_builtins dis_functions dis_functions_source dis_galiases dis_patchars dis_reswords
            dis_saliases epochtime errnos funcfiletrace funcsourcetrace funcstack functions functions_source functrace galiases history
            historywords jobdirs jobstates jobtexts keymaps langinfo mapfile modules nameddirs options parameters patchars reswords
            saliases sysparams termcap terminfo userdirs usergroups widgets zcurses_attrs zcurses_colors zcurses_keycodes zcurses_windows
            zsh_scheduled_events
            """
        case .changes:
            // Names whose values bash, zsh, mksh and busybox set, whatever was assigned; arguments of the script; lists of zsh, which are
            // other variables in another form.
            """
            BASH_ARGC BASH_ARGV BASH_ARGV0 BASH_CMDS BASH_COMMAND BASH_LINENO BASH_MONOSECONDS BASH_SOURCE BASH_SUBSHELL BASH_TRAPSIG
            DIRSTACK EPOCHREALTIME EPOCHSECONDS FUNCNAME GROUPS HISTCHARS KEYBOARD_HACK LINENO PIPESTATUS _ argv cdpath fignore fpath
            histchars manpath module_path path pipestatus psvar watch
            """
        case .tells: "BASH_COMPAT BASH_XTRACEFD"
        }
    }
}
