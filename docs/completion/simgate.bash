# shellcheck shell=bash disable=SC2046 # words are meant to be split
# Completion of simgate for bash: verbs and options from the program itself, ids and names of
# modems from the daemon where it answers.

_simgate_ids() {
	timeout 2 simgate "${socket[@]}" --json "$@" 2>/dev/null | grep -o "\"$field\": *\"[^\"]*\"" | cut -d'"' -f4
}

_simgate() {
	local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}
	local -a words=() socket=()
	local i field
	COMPREPLY=()

	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--socket) socket=(--socket "${COMP_WORDS[++i]}") ;;
		--site | --timeout) ((i++)) ;;
		-*) ;;
		*) words+=("${COMP_WORDS[i]}") ;;
		esac
	done
	case $previous in
	--socket | --bundle) mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
	--state) set -- scheduled queued sending uncertain sent delivered failed expired canceled ;;
	--kind) set -- verification contact_request text ;;
	--priority) set -- high normal low ;;
	--encoding) set -- auto gsm7 ucs2 ;;
	--transliterate) set -- never save_parts always ;;
	--channel) set -- sms inbound_sms missed_call ;;
	--purpose) set -- register login change ;;
	--locale) set -- ru vi en ;;
	*)
		set --
		local verbs verb=${words[0]-} sub=${words[1]-}
		verbs=$(simgate --list-verbs 2>/dev/null)
		if [[ $current == -* ]]; then
			set -- --json --site --socket --timeout --help --version $(awk -v v="$verb" -v s="$sub" \
				'$1 == v && ($2 == "-" || $2 == s) { $1 = $2 = ""; print }' <<<"$verbs")
		elif [[ -z $verb ]]; then
			set -- $(awk '{ print $1 }' <<<"$verbs" | sort -u)
		elif [[ -z $sub ]] && awk -v v="$verb" '$1 == v && $2 != "-" { found = 1 } END { exit !found }' <<<"$verbs"; then
			set -- $(awk -v v="$verb" '$1 == v { print $2 }' <<<"$verbs")
		elif [[ $verb == import || $verb == backup ]]; then
			mapfile -t COMPREPLY < <(compgen -f -- "$current")
			return
		elif [[ "$verb $sub" == "account contact" ]]; then
			set -- on off
		elif [[ $verb == modem || $verb == ussd ]]; then
			field=name
			set -- $(_simgate_ids modem list)
		elif [[ $verb =~ ^(show|wait|retry)$ ]]; then
			field=id
			set -- $(_simgate_ids list --limit 20)
		elif [[ $verb == cancel ]]; then
			field=id
			set -- $(_simgate_ids list --state queued --limit 20) $(_simgate_ids list --state scheduled --limit 20)
		fi
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$*" -- "$current")
}
complete -F _simgate simgate
