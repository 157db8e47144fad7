#include "storage/records/check.h"

#include <inttypes.h>
#include <string.h>

/* SubjectPublicKeyInfo of Ed25519 up to the key (RFC 8410), for printf. */
#define SPKI "\\060\\052\\060\\005\\006\\003\\053\\145\\160\\003\\041\\000"

static enum err key_file(struct buf *out, const struct sign_public *key, const char *file)
{
    char text[SIGN_PUBLIC_TEXT];
    sign_public_text(text, key);
    return buf_fmt(out,
                   "    { printf '" SPKI "'; printf %%s '%s' | base64 -d | tail -c 32; } |"
                   " openssl pkey -pubin -inform DER | cmp - %s\n",
                   text, file);
}

/* Body and signature of a signed text are those beside it, and match. */
static enum err signed_file(struct buf *out, const char *stem, const char *extension, const char *key)
{
    return buf_fmt(out,
                   "    sed '/^signature: /,$d' %s.%s | cmp - %s.body\n"
                   "    sed -n 's/^signature: //p' %s.%s | base64 -d | cmp - %s.sig\n"
                   "    openssl pkeyutl -verify -pubin -inkey %s -rawin -in %s.body -sigfile %s.sig\n",
                   stem, extension, stem, stem, extension, stem, key, stem, stem);
}

static enum err head(const struct check *c, struct buf *out)
{
    char key[SIGN_PUBLIC_TEXT];
    const struct recording *r = c->m->recording;
    sign_public_text(key, &c->m->roster->authority);
    enum err e = buf_fmt(out,
                         "How to check this package\n"
                         "=========================\n\n"
                         "It holds recording %s of unit %s, district %s, and the proof of where it\n"
                         "came from. sha256sum, b2sum, minisign and openssl (3 or later) check it; Feldsher is\n"
                         "not needed. Open a shell in this folder and enter the indented lines one by one:\n"
                         "each prints an error, or exits with a code other than 0, if anything is not as it\n"
                         "was. Or all at once, stopping at the first that fails:\n\n"
                         "  sed -n 's/^    //p' CHECK.txt | sh -e && echo every line holds\n\n",
                         r->id, r->unit, c->m->roster->district);
    if (!e)
        e = buf_fmt(out,
                    "Everything hangs on one key, the district's. It must be the one that the district has\n"
                    "published: compare this with what you have from elsewhere, not from this folder:\n\n"
                    "  %s\n\n"
                    "    grep -xF '%s' keys/authority.pub\n\n",
                    key, key);
    return e;
}

static enum err files(const struct check *c, struct buf *out)
{
    const char *who = c->requester;
    enum err e = buf_fmt(out,
                         "1. No file was changed, added or left out\n\n"
                         "    sha256sum -c SHA256SUMS\n"
                         "    b2sum -l 256 -c B2SUMS\n"
                         "    find . -type f ! -path ./B2SUMS | LC_ALL=C sort | cut -c 3- | xargs b2sum -l 256 |"
                         " cmp - B2SUMS\n\n"
                         "2. Who is who: the roster, signed by the district\n\n"
                         "    sed '/^signature: /,$d' roster | cmp - roster.body\n"
                         "    minisign -V -p keys/authority.pub -m roster.body -x roster.body.minisig\n\n"
                         "3. Two persons of that roster have signed what this package holds: %s, who asked for it,\n"
                         "and %s, a supervisor, who approved it\n\n",
                         who, c->m->approver);
    const char *person[] = {who, c->m->approver};
    for (size_t i = 0; i < 2 && !e; i++)
        e = buf_fmt(out,
                    "    grep -F \"user: %s $(sed -n 2p keys/%s.pub) \" roster.body\n"
                    "    minisign -V -p keys/%s.pub -m manifest.json -x manifest.json.%s.minisig\n",
                    person[i], person[i], person[i], person[i]);
    if (!e)
        e = buf_fmt(
            out,
            "    grep -F \"user: %s $(sed -n 2p keys/%s.pub) \" roster.body | cut -d ' ' -f 5 | grep -w supervisor\n"
            "    test \"$(sed -n 2p keys/%s.pub)\" != \"$(sed -n 2p keys/%s.pub)\"\n"
            "    minisign -V -p keys/%s.pub -m SHA256SUMS -x SHA256SUMS.minisig\n"
            "    grep -F \"$(b2sum -l 256 roster | cut -c 1-64)\" manifest.json\n",
            c->m->approver, c->m->approver, who, c->m->approver, who);
    for (size_t i = 0; i < c->m->n_files && !e; i++)
        e = buf_fmt(out, "    grep -F \"$(sha256sum %s | cut -c 1-64)\" manifest.json\n", c->m->files[i].name);
    return e ? e : buf_str(out, "\n");
}

/* One label: its station's key, its signature, its place in the manifest, and
 * the batch and the parts list that it names. */
static enum err label(const struct check_batch *k, struct buf *out)
{
    char stem[96], pem[64], text[SIGN_PUBLIC_TEXT], name[80];
    snprintf(name, sizeof name, "%s-%" PRIu64, k->b->chain, k->b->seq);
    snprintf(stem, sizeof stem, "labels/%s", name);
    snprintf(pem, sizeof pem, "keys/%s.pem", k->b->chain);
    const struct roster_station *from = k->station;
    sign_public_text(text, &from->key);
    enum err e = buf_fmt(out,
                         "    grep -F 'station: %s %s %s %s ' roster.body\n"
                         "    test \"$(printf %%s '%s' | base64 -d | tail -c 32 | b2sum -l 256 | cut -c 1-32)\" = %s\n",
                         from->name, from->unit, from->kind == STATION_SUPERVISOR ? "supervisor" : "station", text,
                         text, k->b->chain);
    if (!e)
        e = key_file(out, &from->key, pem);
    if (!e)
        e = signed_file(out, stem, "label", pem);
    if (!e)
        e = buf_fmt(out,
                    "    grep -x 'chain: %s' %s.body\n"
                    "    test \"$(b2sum -l 256 batches/%s.jsonl | cut -c 1-64)\" ="
                    " \"$(sed -n 's/^content: //p' %s.body)\"\n",
                    k->b->chain, stem, name, stem);
    if (!e && k->signed_by_two)
        e = buf_fmt(out, "    grep -F \"$(b2sum -l 256 %s.label | cut -c 1-64)\" manifest.json\n", stem);
    if (!e && !hash_is_zero(&k->b->parts))
        e = buf_fmt(out,
                    "    test \"$(b2sum -l 256 parts/%s.parts | cut -c 1-64)\" ="
                    " \"$(sed -n 's/^parts: //p' %s.body)\"\n",
                    name, stem);
    return e;
}

/* The person's own signature in the last line of a batch. */
static enum err author(const struct check_batch *k, struct buf *out)
{
    char stem[96], text[SIGN_PUBLIC_TEXT], pem[112];
    if (!k->author[0])
        return ERR_OK;
    snprintf(stem, sizeof stem, "batches/%s-%" PRIu64, k->b->chain, k->b->seq);
    snprintf(pem, sizeof pem, "%s.pem", stem);
    sign_public_text(text, &k->author_key);
    enum err e =
        buf_fmt(out,
                "    grep -F 'user: %s %s ' roster.body\n"
                "    sed '$d' %s.jsonl | cmp - %s.body\n"
                "    tail -n 1 %s.jsonl | sed 's/.*\"signature\":\"\\([^\"]*\\)\".*/\\1/' | base64 -d | cmp - %s.sig\n",
                k->author, text, stem, stem, stem, stem);
    if (!e)
        e = key_file(out, &k->author_key, pem);
    if (!e)
        e = buf_fmt(out, "    openssl pkeyutl -verify -pubin -inkey %s -rawin -in %s.body -sigfile %s.sig\n", pem, stem,
                    stem);
    return e;
}

static enum err origin(const struct check *c, struct buf *out)
{
    const struct recording *r = c->m->recording;
    enum err e = buf_fmt(out,
                         "4. Where the recording came from: station %s took it off the camera, and wrote its size\n"
                         "and hash into a batch whose label it signed%s\n\n",
                         r->station,
                         c->others ? ". (That batch names other recordings, too: it was signed as\n"
                                     "one text. Batches of the kind below that name others are left out.)"
                                   : "");
    if (!e)
        e = label(&c->batches[0], out);
    if (!e)
        e = author(&c->batches[0], out);
    if (!e)
        e = buf_fmt(out, "    grep -F '\"id\":\"%s\"' batches/%s-%" PRIu64 ".jsonl\n", r->id, r->chain, r->seq);
    for (size_t i = 0; i < c->m->n_files && !e; i++)
        e = buf_fmt(out, "    grep -F \"$(b2sum -l 256 %s | cut -c 1-64)\" batches/%s-%" PRIu64 ".jsonl\n",
                    c->m->files[i].name, r->chain, r->seq);
    if (!e && c->n_batches > 1)
        e = buf_str(out,
                    "\n5. What was done with it since (request, approval, ...): each act in a batch, signed by the\n"
                    "person and, in the label, by the station\n\n");
    for (size_t i = 1; i < c->n_batches && !e; i++) {
        e = label(&c->batches[i], out);
        if (!e)
            e = author(&c->batches[i], out);
        if (!e)
            e = buf_fmt(out, "    grep -F '%s' batches/%s-%" PRIu64 ".jsonl\n\n", r->id, c->batches[i].b->chain,
                        c->batches[i].b->seq);
    }
    return e;
}

static enum err receipts(const struct check *c, struct buf *out)
{
    if (c->n_receipts == 0)
        return buf_str(out, "6. No receipt of a hub was on the exporting station.\n");
    enum err e = buf_str(out, "6. The hub's word that it holds the labels up to a number\n\n");
    for (size_t i = 0; i < c->n_receipts && !e; i++) {
        const struct check_receipt *k = &c->receipts[i];
        char stem[128], pem[96], text[SIGN_PUBLIC_TEXT];
        snprintf(stem, sizeof stem, "receipts/%s.%s", k->chain, k->hub);
        snprintf(pem, sizeof pem, "keys/hub-%s.pem", k->hub);
        sign_public_text(text, &k->key);
        e = buf_fmt(out, "    grep -F 'hub: %s %s ' roster.body\n", k->hub, text);
        if (!e)
            e = key_file(out, &k->key, pem);
        if (!e)
            e = signed_file(out, stem, "receipt", pem);
        if (!e)
            e = buf_fmt(out, "    grep -x 'chain: %s' %s.body\n", k->chain, stem);
        if (!e && c->receipt_holds && strcmp(k->chain, c->m->recording->chain) == 0) {
            uint64_t seq = c->m->recording->seq;
            e = buf_fmt(out,
                        "    test \"$(sed -n 's/^labels: //p' %s.body)\" -ge %" PRIu64 "\n"
                        "    test -z \"$(grep -xE '(parts-)?missing: %" PRIu64 "' %s.body)\"\n",
                        stem, seq, seq, stem);
        }
    }
    return e;
}

enum err check_text(const struct check *c, struct buf *out)
{
    enum err e = head(c, out);
    if (!e)
        e = files(c, out);
    if (!e)
        e = origin(c, out);
    return e ? e : receipts(c, out);
}
