// SPDX-License-Identifier: MIT

import Linux

/// Scripts for shells, from the table of commands. Each has the table as functions, and the same scan over it: which command it is,
/// and what the word to complete stands for.
enum CompletionScript {
    /// A kind of word as the scripts know it; nil where nothing can be offered.
    private static func word(_ kind: WordKind) -> String? {
        switch kind {
        case .reference, .scope: "reference"
        case .who: "who"
        case .user: "user"
        case .rights: "rights"
        case .file: "file"
        case .job: "job"
        case .program: "program"
        case .secretName: "secret"
        case .target: "target"
        case .version: "version"
        case .deleted: "deleted"
        case .variable, .assignment: "variable"
        case .choice(let words): (["choice"] + words).joined(separator: " ")
        case .value, .text: nil
        }
    }

    /// The first words of commands, with what they are.
    private static var names: [(word: String, summary: String)] {
        var names: [(String, String)] = []
        for command in commands {
            for name in command.names {
                let first = first(name)
                guard !names.contains(where: { $0.0 == first }) else { continue }
                names.append((first, name == first ? command.summary : "commands on this"))
            }
        }
        return names
    }

    private static func first(_ name: String) -> String { name.split(separator: " ").first.map(String.init) ?? name }

    /// The second words of a first one.
    private static func seconds(_ word: String) -> [String] {
        commands.flatMap(\.names).filter { $0.hasPrefix(word + " ") }.map { String($0.dropFirst(word.count + 1)) }
    }

    /// A place that takes words of a kind: an option, the number of an operand, or `more` for all after the last.
    private static var places: [(places: [String], kind: String)] {
        commands.flatMap { command in
            command.names.flatMap { name in
                command.options.compactMap { option in
                    option.argument == nil
                        ? nil : (spellings(option).map { "\(name):\($0)" }, option.kind.flatMap(word) ?? "none")
                }
                    + command.operands.enumerated().flatMap { index, operand in
                        guard let kind = word(operand.kind) else { return [(places: [String], kind: String)]() }
                        return [(["\(name):\(index)"] + (operand.isRepeated ? ["\(name):more"] : []), kind)]
                    }
            }
        }
    }

    private static func spellings(_ option: DeclaredOption) -> [String] {
        ["--" + option.name] + (option.letter.map { ["-\($0)"] } ?? [])
    }

    /// In single quotes, which none of these words has.
    private static func quoted(_ words: [String]) -> String { words.map { "'\($0)'" }.joined(separator: " ") }

    /// The table, and the scan, for bash and zsh alike.
    private static var common: String {
        let families = names.map(\.word).filter { !seconds($0).isEmpty }
        let second = families.map { "        '\($0)') printf '%s\\n' \(quoted(seconds($0))) ;;" }
        let options = commands.map { command in
            let names = command.names.map { "'\($0)'" }.joined(separator: "|")
            return "        \(names)) printf '%s\\n' \(quoted(command.options.map { "--" + $0.name })) ;;"
        }
        let kinds = places.map { "        \($0.places.map { "'\($0)'" }.joined(separator: "|"))) printf '%s\\n' '\($0.kind)' ;;" }
        return """
            _tacit_commands() {
                printf '%s\\n' \(quoted(names.map(\.word)))
            }
            _tacit_seconds() {
                case $1 in
            \(second.joined(separator: "\n"))
                esac
            }
            _tacit_options() {
                case $1 in
            \(options.joined(separator: "\n"))
                esac
            }
            _tacit_kind() {
                case "$1:$2" in
            \(kinds.joined(separator: "\n"))
                esac
            }
            # From the words before the one to complete: tacit_command, and tacit_kind, what that one is; tacit_project, what -p names, and
            # tacit_first, the first operand.
            _tacit_scan() {
                tacit_command= tacit_kind=command tacit_project= tacit_first=
                local tacit_index=0 tacit_word tacit_ended=
                while [ $# -gt 0 ]; do
                    tacit_word=$1
                    shift
                    if [ -z "$tacit_command" ]; then
                        case $tacit_word in -*) continue ;; esac
                        tacit_command=$tacit_word
                        if [ $# -gt 0 ] && _tacit_seconds "$tacit_word" | grep -qxF -e "$1"; then
                            tacit_command="$tacit_word $1"
                            shift
                        fi
                    elif [ -z "$tacit_ended" ] && [ "$tacit_word" = -- ]; then
                        tacit_ended=1
                    else
                        case $tacit_ended$tacit_word in
                        --project=*) tacit_project=${tacit_word#*=} ;;
                        --*=*) ;;
                        -*)
                            tacit_kind=$(_tacit_kind "$tacit_command" "$tacit_word")
                            if [ -n "$tacit_kind" ]; then
                                [ $# -gt 0 ] || return
                                case $tacit_word in -p|--project) tacit_project=$1 ;; esac
                                shift
                            fi
                            ;;
                        *)
                            # What comes after a program is the program's.
                            [ "$(_tacit_kind "$tacit_command" "$tacit_index")" != program ] || tacit_ended=1
                            [ "$tacit_index" -gt 0 ] || tacit_first=$tacit_word
                            tacit_index=$((tacit_index + 1))
                            ;;
                        esac
                    fi
                done
                [ -n "$tacit_command" ] || return
                tacit_kind=$(_tacit_kind "$tacit_command" "$tacit_index")
                [ -n "$tacit_kind" ] || tacit_kind=$(_tacit_kind "$tacit_command" more)
                [ "$tacit_index" -gt 0 ] || tacit_kind="first $tacit_kind"
                [ -z "$tacit_ended" ] || tacit_kind="ended $tacit_kind"
            }
            _tacit_ask() {
                if [ -n "$tacit_project" ]; then
                    command tacit completion -p "$tacit_project" "$@" 2>/dev/null
                else
                    command tacit completion "$@" 2>/dev/null
                fi
            }
            # What the word "$1" may become, a line each; of the kind "$2".
            _tacit_candidates() {
                case $2 in
                first\\ *) _tacit_seconds "$tacit_command" ;;
                esac
                case $1:$2 in
                -*:command) printf '%s\\n' --help --version ;;
                -*:ended\\ *) ;;
                -*) _tacit_options "$tacit_command" ;;
                *:command) _tacit_commands ;;
                *reference) _tacit_ask --references "$1" ;;
                *secret) _tacit_ask --secrets ;;
                *target) _tacit_ask --targets ;;
                *version) _tacit_ask --versions "$tacit_first" ;;
                *deleted) _tacit_ask --deleted ;;
                # What stands behind = is a value, and for nobody's eyes.
                *=*:*variable) ;;
                *variable) _tacit_ask --variables "$tacit_first" ;;
                *job) _tacit_ask --jobs ;;
                *user) getent passwd | cut -d : -f 1 ;;
                *who) getent passwd | cut -d : -f 1; getent group | cut -d : -f 1 | sed 's/^/@/' ;;
                *rights)
                    case $1 in *,*) set -- "${1%,*}," ;; *) set -- '' ;; esac
                    printf "$1%s\\n" list read write run manage
                    ;;
                *choice\\ *) printf '%s\\n' "${2#*choice }" | tr ' ' '\\n' ;;
                esac
            }
            """
    }

    static var bash: String {
        common + """

            _tacit() {
                local word=${COMP_WORDS[COMP_CWORD]} part line quote= tacit_command tacit_kind tacit_project tacit_first
                local -a before=()
                # bash takes `secret:` and `--option=` for words of their own, and leaves quotes and escapes in all of them.
                for part in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
                    case $part in
                    :) unset 'before[${#before[@]}-1]' ;;
                    =) ;;
                    *) part=${part//[\\\"\\']/}; before+=("${part//\\\\/}") ;;
                    esac
                done
                case $word in
                :) unset 'before[${#before[@]}-1]'; word= ;;
                =) word= ;;
                [\\\"\\']*) quote=quoted word=${word:1} ;;
                *) word=${word//\\\\/} ;;
                esac
                _tacit_scan "${before[@]}"
                COMPREPLY=()
                # What stands behind the = of a variable is a value, and for nobody's eyes.
                case $tacit_kind:${COMP_WORDS[COMP_CWORD - 1]}:${COMP_WORDS[COMP_CWORD]} in
                *variable:=:* | *variable:*:=) return ;;
                esac
                case $word:$tacit_kind in
                -*) ;;
                *file)
                    compopt -o filenames 2>/dev/null
                    while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$word")
                    return
                    ;;
                *program)
                    while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -c -- "$word" | sort -u)
                    return
                    ;;
                esac
                while IFS= read -r line; do
                    case $line in
                    "$word"*) ;;
                    *) continue ;;
                    esac
                    case $quote$line in
                    quoted*) ;;
                    *[!A-Za-z0-9_.,:@%+=/-]*) line=$(printf %q "$line") ;;
                    esac
                    COMPREPLY+=("$line")
                done < <(_tacit_candidates "$word" "$tacit_kind")
                case ${#COMPREPLY[@]}:${COMPREPLY[0]} in
                1:*/) compopt -o nospace 2>/dev/null ;;
                esac
            }
            complete -F _tacit tacit

            """
    }

    static var zsh: String {
        common + """

            _tacit() {
                emulate -L zsh
                local tacit_command tacit_kind tacit_project tacit_first
                local -a found
                _tacit_scan "${(@Q)words[2,CURRENT-1]}"
                case $PREFIX:$tacit_kind in
                -*) ;;
                *file) _files; return ;;
                *program) _command_names -e; return ;;
                esac
                found=("${(@f)$(_tacit_candidates "${(Q)PREFIX}" "$tacit_kind")}")
                found=("${(@)found:#}")
                (( $#found )) || return 1
                # A part of the tree that holds more is not done yet.
                compadd -S '' -- "${(@M)found:#*/}"
                compadd -- "${(@)found:#*/}"
            }
            (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
            compdef _tacit tacit

            """
    }

    static var fish: String {
        let families = names.map(\.word).filter { !seconds($0).isEmpty }
        let second = families.map { "        case '\($0)'\n            printf '%s\\n' \(quoted(seconds($0)))" }
        let options = commands.map { command in
            let lines = command.options.map { "'--\($0.name)' '\(plain($0.summary))'" }.joined(separator: " ")
            return "        case \(quoted(command.names))\n            printf '%s\\t%s\\n' \(lines)"
        }
        let kinds = places.map { "        case \(quoted($0.places))\n            echo '\($0.kind)'" }
        let first = names.map { "'\($0.word)' '\(plain($0.summary))'" }.joined(separator: " ")
        return """
            function __tacit_seconds
                switch "$argv[1]"
            \(second.joined(separator: "\n"))
                end
            end
            function __tacit_options
                switch "$argv[1]"
            \(options.joined(separator: "\n"))
                end
            end
            function __tacit_kind
                switch "$argv[1]:$argv[2]"
            \(kinds.joined(separator: "\n"))
                end
            end
            # What the word to complete may become, a line each.
            function __tacit_complete
                set -l before (commandline -opc)
                set -e before[1]
                set -l word (string unescape -- (commandline -ct); or string trim -l -c '"\\'' -- (commandline -ct))
                set -l command ''
                set -g __tacit_project
                set -g __tacit_first
                set -l kind command
                set -l index 0
                set -l ended ''
                while set -q before[1]
                    set -l part $before[1]
                    set -e before[1]
                    if test -z "$command"
                        string match -q -- '-*' $part; and continue
                        set command $part
                        if set -q before[1]; and contains -- "$before[1]" (__tacit_seconds $part)
                            set command "$part $before[1]"
                            set -e before[1]
                        end
                    else if test -z "$ended" -a "$part" = --
                        set ended 1
                    else if test -z "$ended"; and string match -q -- '--*=*' "$part"
                        string match -q -- '--project=*' "$part"; and set __tacit_project (string replace -- '--project=' '' "$part")
                        continue
                    else if test -z "$ended"; and string match -q -- '-*' "$part"
                        set kind (__tacit_kind $command $part)
                        if test -n "$kind"
                            if not set -q before[1]
                                __tacit_candidates $command "$kind" "$word"
                                return
                            end
                            contains -- "$part" -p --project; and set __tacit_project $before[1]
                            set -e before[1]
                        end
                    else
                        # What comes after a program is the program's.
                        test "$(__tacit_kind $command $index)" = program; and set ended 1
                        test $index -eq 0; and set __tacit_first $part
                        set index (math $index + 1)
                    end
                end
                if test -z "$command"
                    switch "$word"
                        case '-*'
                            printf '%s\\t%s\\n' --help 'list the commands' --version 'print the version'
                        case '*'
                            printf '%s\\t%s\\n' \(first)
                    end
                    return
                end
                if test -z "$ended"; and string match -q -- '-*' "$word"
                    __tacit_options $command
                    return
                end
                test $index -eq 0; and __tacit_seconds $command
                set kind (__tacit_kind $command $index)
                test -n "$kind"; or set kind (__tacit_kind $command more)
                __tacit_candidates $command "$kind" "$word"
            end
            function __tacit_ask
                if test -n "$__tacit_project"
                    command tacit completion -p "$__tacit_project" $argv 2>/dev/null
                else
                    command tacit completion $argv 2>/dev/null
                end
            end
            function __tacit_candidates
                switch "$argv[2]"
                    case reference
                        __tacit_ask --references "$argv[3]"
                    case secret
                        __tacit_ask --secrets
                    case target
                        __tacit_ask --targets
                    case version
                        __tacit_ask --versions "$__tacit_first"
                    case deleted
                        __tacit_ask --deleted
                    case variable
                        # What stands behind = is a value, and for nobody's eyes.
                        string match -q -- '*=*' "$argv[3]"; or __tacit_ask --variables "$__tacit_first"
                    case file
                        __fish_complete_path "$argv[3]"
                    case job
                        __tacit_ask --jobs
                    case program
                        complete -C "$argv[3]"
                    case user
                        __fish_complete_users
                    case who
                        __fish_complete_users
                        __fish_complete_groups | string replace -r '^' @
                    case rights
                        set -l start (string match -r '^.*,' -- "$argv[3]")
                        for right in list read write run manage
                            echo "$start$right"
                        end
                    case 'choice *'
                        string split ' ' -- (string replace 'choice ' '' -- "$argv[2]")
                end
            end
            complete -c tacit -f -a '(__tacit_complete)'

            """
    }

    /// A summary for a script's single quotes.
    private static func plain(_ summary: String) -> String { summary.replacing("'", with: "’") }
}
