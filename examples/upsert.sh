#!/usr/bin/env bash
# Brings 1,000 locations into a layer of Cairn as a script of your own would, and looks at what happened:
# signs in, makes an API token for one layer, upserts twice, is refused with tokens that are no good, reads the audit log.
#
#   CAIRN_URL=http://127.0.0.1:8080 CAIRN_USERNAME=root CAIRN_PASSWORD=... examples/upsert.sh
#
# The account is an administrator, because the script makes the layer and reads the audit log. CAIRN_LAYER names the layer.
# Needs bash 4.2 or newer and curl. Ends with 1 and a sentence at the first surprise.
set -euo pipefail

url=${CAIRN_URL:-http://127.0.0.1:8080}
layer=${CAIRN_LAYER:-upsert-example}
rows=1000

fail() { printf 'upsert.sh: %s\n' "$1" >&2; exit 1; }

: "${CAIRN_USERNAME:?upsert.sh: say who signs in}" "${CAIRN_PASSWORD:?upsert.sh: say with which password}"
[[ $layer =~ ^[a-z0-9][a-z0-9_-]{0,63}$ ]] || fail "CAIRN_LAYER has 1 to 64 small letters, digits, - and _"

# A text as JSON.
quoted() {
    local text=$1
    [[ $text != *[[:cntrl:]]* ]] || fail "a control character in $CAIRN_USERNAME or its password"
    text=${text//\\/\\\\}
    printf '"%s"' "${text//\"/\\\"}"
}

# ask TOKEN QUESTION [VARIABLES]: sets $status and $answer. The token goes through a file descriptor and the body through
# standard input: arguments stand in the list of processes.
ask() {
    local headers='header = "Content-Type: application/json"' body="{\"query\":$(quoted "$2"),\"variables\":${3:-{\}}}"
    [ -z "$1" ] || headers+=$'\n'"header = \"Authorization: Bearer $1\""
    headers+=$'\n'"header = \"X-Request-Id: ${request_id:-upsert.sh}\""
    answer=$(curl --silent --show-error --max-time 60 --config <(printf '%s\n' "$headers") --data-binary @- \
        --write-out '\n%{http_code}' "$url/graphql" <<<"$body") || fail "no answer from $url"
    status=${answer##*$'\n'}
    answer=${answer%$'\n'*}
}

# The same, and the answer must hold no error.
must() {
    ask "$@"
    [[ $status == 200 && $answer != *'"errors":[{'* ]] || fail "the server says $status: $answer"
}

# The first value of a field in the answer, of text or a number; empty when it is not there.
field() { [[ ! $answer =~ \"$1\":\"?([^\",}]*) ]] || printf '%s' "${BASH_REMATCH[1]}"; }

# refused TOKEN WHAT: the token writes nothing.
refused() {
    ask "$1" "$upsert" "$one"
    [[ $status == 401 && $(field code) == UNAUTHENTICATED ]] || fail "$2 is answered with $status: $answer"
    echo "refused: $2"
}

# instant SECONDS: so many seconds from now, as the API takes times.
instant() { TZ=UTC0 printf '%(%Y-%m-%dT%H:%M:%SZ)T' "$(($(date +%s) + $1))"; }

# 1. Sign in.
must '' 'mutation($u: String!, $p: String!) { login(username: $u, password: $p) { accessToken user { id role } } }' \
    "{\"u\":$(quoted "$CAIRN_USERNAME"),\"p\":$(quoted "$CAIRN_PASSWORD")}"
access=$(field accessToken) account=$(field id)
[[ $(field role) == ADMIN ]] || fail "$CAIRN_USERNAME is no administrator"
echo "signed in: $CAIRN_USERNAME"

# 2. The layer, unless it is there.
must "$access" 'query($k: String!) { layer(key: $k) { key } }' "{\"k\":\"$layer\"}"
if [[ $(field key) != "$layer" ]]; then
    must "$access" 'mutation($i: CreateLayerInput!) { createLayer(input: $i) { layer { key } } }' \
        "{\"i\":{\"key\":\"$layer\",\"title\":\"Made by upsert.sh\"}}"
    echo "layer made: $layer"
fi

# 3. A token that writes locations of this layer and nothing else, for an hour.
make_token='mutation($n: String!, $s: [String!]!, $e: DateTime) {
    createApiToken(name: $n, scopes: $s, expiresAt: $e) { token apiToken { id } } }'
make_token=${make_token//$'\n'/ }
scopes="[\"locations:write\",\"layer:$layer\"]"
must "$access" "$make_token" "{\"n\":\"upsert.sh\",\"s\":$scopes,\"e\":\"$(instant 3600)\"}"
token=$(field token) token_id=$(field id)
[[ -n $token && -n $token_id ]] || fail "there is no token in the answer"
echo "token made: locations:write layer:$layer"

# 4. 1,000 locations in one request, then the same again.
upsert='mutation($layer: String!, $rows: [UpsertLocationInput!]!) { upsertLocations(layer: $layer, input: $rows) {'
upsert+=' created updated unchanged errors { message } } }'
generated=$(awk -v rows="$rows" 'BEGIN { for (n = 0; n < rows; n++) {
    printf "%s{\"externalId\":\"row-%d\",\"name\":\"Row %d\",", n ? "," : "", n, n
    printf "\"geometry\":{\"type\":\"Point\",\"coordinates\":[%.2f,%.2f]},", n % 40 / 10 + 5, int(n / 40) / 10 + 45
    printf "\"properties\":{\"number\":%d}}", n } }')
request_id="upsert-$(date +%s)-$$"
must "$token" "$upsert" "{\"layer\":\"$layer\",\"rows\":[$generated]}"
created=$(field created) updated=$(field updated) unchanged=$(field unchanged)
[[ $((created + updated + unchanged)) == "$rows" ]] || fail "not every row arrived: $answer"
echo "first time: $created created, $updated updated, $unchanged unchanged"
written=$request_id request_id=
must "$token" "$upsert" "{\"layer\":\"$layer\",\"rows\":[$generated]}"
[[ $(field created)/$(field updated)/$(field unchanged) == "0/0/$rows" ]] || fail "the same again changed something: $answer"
echo "second time: nothing changed"

# 5. Tokens that are no good write nothing: one that has ended, one signed by somebody else, one not signed at all.
one="{\"layer\":\"$layer\",\"rows\":[{\"externalId\":\"foreign\",\"geometry\":{\"type\":\"Point\",\"coordinates\":[0,0]}}]}"
must "$access" "$make_token" "{\"n\":\"upsert.sh, for seconds\",\"s\":$scopes,\"e\":\"$(instant 5)\"}"
short=$(field token)
must "$short" '{ me { id } }'
for ((tries = 0; tries < 60; tries++)); do
    ask "$short" '{ me { id } }'
    [[ $status == 200 ]] || break
    sleep 0.5
done
refused "$short" "a token that has ended"
claims=${access#*.} claims=${claims%.*}
signature=$(printf 'A%.0s' {1..86})
refused "${access%%.*}.$claims.$signature" "a token that somebody else signed"
refused "eyJhbGciOiJub25lIn0.$claims." "a token that nobody signed"
refused "cairn_$(printf 'A%.0s' {1..48})" "an API token made up by hand"
must "$access" 'query($k: String!) { locations(filter: { layer: { eq: $k }, externalId: { eq: "foreign" } }) { totalCount } }' \
    "{\"k\":\"$layer\"}"
[[ $(field totalCount) == 0 ]] || fail "a token that is no good has written: $answer"

# 6. What the audit log has of it, page by page, newest first: the rows of the first call.
log='query($a: ID, $c: String) { auditLog(actor: $a, first: 500, after: $c) {'
log+=' edges { node { action target requestId } } pageInfo { endCursor hasNextPage } } }'
noted=0 cursor=null shown=
while :; do
    must "$access" "$log" "{\"a\":\"$account\",\"c\":$cursor}"
    mine=$(grep "\"requestId\":\"$written\"" <<<"${answer//\{\"node\":/$'\n'}" || true)
    of_page=$(grep -c . <<<"$mine" || true)
    [[ -n $shown ]] || shown=$(sed -n '1,3s/}.*/}/p' <<<"$mine")
    noted=$((noted + of_page))
    # The rows of one request stand together: none after some is the end of them.
    [[ $(field hasNextPage) == true && ($of_page != 0 || $noted == 0) ]] || break
    cursor="\"$(field endCursor)\""
done
[[ $noted == $((created + updated)) ]] || fail "the audit log has $noted rows of $((created + updated)) changes"
echo "audit log: $noted rows of $CAIRN_USERNAME under the request $written"
[[ -z $shown ]] || printf '%s\n' "$shown"

# 7. A token that is not needed any more is ended.
must "$access" 'mutation($id: ID!) { revokeApiToken(id: $id) }' "{\"id\":\"$token_id\"}"
ask "$token" '{ me { id } }'
[[ $status == 401 ]] || fail "a revoked token is answered with $status"
echo "token revoked"
