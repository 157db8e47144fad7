#include "storage/records/evidence.h"

#include "storage/base/bytes.h"
#include "storage/base/file.h"
#include "storage/records/check.h"
#include "storage/records/custody.h"
#include "storage/records/package.h"
#include "storage/seal/minisign.h"
#include "storage/vault/object.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A batch that goes into a package, opened. */
struct proof {
    struct buf text; /* the label's */
    struct label label;
    struct batch *batch;
    struct buf plain;
};

static void proof_free(struct proof *p)
{
    batch_free(p->batch);
    buf_free(&p->text);
    buf_free(&p->plain);
    *p = (struct proof){0};
}

static enum err proof_open(const struct station *s, const struct user *u, const char *chain, uint64_t seq,
                           struct proof *p)
{
    *p = (struct proof){.plain = {.secret = 1}};
    enum err e = queue_label(s->queue, chain, seq, &p->text);
    if (!e)
        e = label_parse(&p->label, (const char *)p->text.p, p->text.len);
    if (!e)
        e = label_authentic(&p->label, s->roster);
    if (!e)
        e = chain_open_batch(s, &p->label, u, &p->batch, &p->plain);
    if (e)
        proof_free(p);
    return e;
}

static enum err is_readable(const struct station *s, const struct user *u, const struct recording_list *l,
                            const struct recording *r)
{
    struct recording_held held;
    enum err e = custody_circle(u, r);
    if (e)
        return e;
    recording_where(s, l, r, &held);
    if (held.here == held.blobs)
        return ERR_OK;
    if (r->order[0])
        return err_set(ERR_NOINPUT, "recording %s was destroyed under order %s", r->id, r->order);
    return err_set(ERR_NOINPUT,
                   "%" PRIu64 " of the %" PRIu64 " blobs of recording %s are not here; feldsher recordings pull %.8s",
                   held.blobs - held.here, held.blobs, r->id, r->id);
}

enum err evidence_request(struct station *s, const struct user *u, const struct recording *r, const char *why,
                          char id[static ENTRY_ID])
{
    enum err e = custody_circle(u, r);
    return e ? e : custody_entry(s, u, r, "request", json_pack("{s:s}", "why", why), id);
}

struct sums {
    struct hash_state blake2b;
    crypto_hash_sha256_state sha256;
    struct pulse *pulse;
};

static enum err sums_add(void *ctx, const uint8_t *bytes, size_t n)
{
    struct sums *w = ctx;
    hash_add(&w->blake2b, bytes, n);
    crypto_hash_sha256_update(&w->sha256, bytes, n);
    pulse_add(w->pulse, n);
    return ERR_OK;
}

/* All bytes of a recording and its sidecars are going to be read. */
static void expect_all(struct pulse *pulse, const struct recording *r)
{
    for (size_t i = 0; i < r->n_files; i++)
        pulse_expect(pulse, r->files[i].size);
}

static enum err read_files(const struct station *s, const struct user *u, struct manifest *m, struct pulse *pulse)
{
    enum err e = ERR_OK;
    expect_all(pulse, m->recording);
    for (size_t i = 0; i < m->n_files && !e; i++) {
        const struct recording_file *f = &m->recording->files[i];
        struct sums w = {.pulse = pulse};
        hash_init(&w.blake2b);
        crypto_hash_sha256_init(&w.sha256);
        e = recording_read(s, u, f, 0, UINT64_MAX, sums_add, &w);
        m->files[i].blake2b = hash_end(&w.blake2b);
        crypto_hash_sha256_final(&w.sha256, m->files[i].sha256);
        m->files[i].size = f->size;
    }
    return e;
}

static bool has_batch(const struct manifest *m, const char *chain, uint64_t seq)
{
    for (size_t i = 0; i < m->n_batches; i++)
        if (m->batches[i].seq == seq && strcmp(m->batches[i].chain, chain) == 0)
            return true;
    return false;
}

static void name_batch(struct manifest *m, const char *chain, uint64_t seq)
{
    if (m->n_batches == MANIFEST_BATCHES_MAX || has_batch(m, chain, seq))
        return;
    struct manifest_batch *b = &m->batches[m->n_batches++];
    memcpy(b->chain, chain, CHAIN_ID);
    b->seq = seq;
}

/* The recording's batch, the request's, and what else is about this recording
 * alone, as far as the ceiling allows. */
static void name_batches(struct manifest *m)
{
    const struct recording *r = m->recording;
    m->n_batches = 0;
    name_batch(m, r->chain, r->seq);
    name_batch(m, m->request->chain, m->request->seq);
    for (size_t i = 0; i < r->n_events; i++)
        if (r->events[i].alone)
            name_batch(m, r->events[i].chain, r->events[i].seq);
}

/* Hashes of the batches that are named. */
static enum err weigh_batches(const struct station *s, const struct user *u, struct manifest *m)
{
    enum err e = ERR_OK;
    for (size_t i = 0; i < m->n_batches && !e; i++) {
        struct manifest_batch *b = &m->batches[i];
        struct proof p;
        e = proof_open(s, u, b->chain, b->seq, &p);
        if (e)
            break;
        b->label = label_hash(&p.label);
        b->content = p.label.content;
        b->parts = p.label.parts;
        proof_free(&p);
    }
    return e;
}

enum err evidence_approve(struct station *s, const struct user *u, const struct recording_list *l,
                          const struct recording *r, const struct recording_event *request, struct pulse *pulse,
                          char id[static ENTRY_ID])
{
    struct buf text = {0}, sig = {0};
    char comment[128];
    enum err e = custody_role(s, u, ROLE_SUPERVISOR);
    if (!e)
        e = is_readable(s, u, l, r);
    if (e)
        return e;
    if (!request->author[0])
        return err_set(ERR_BAD, "request %s is signed by nobody", request->id);
    if (strcmp(request->author, u->name) == 0 || sign_same(&request->author_key, &u->sign.pub))
        return err_set(ERR_DENIED, "request %s is your own; another supervisor approves it", request->id);
    struct manifest *m = calloc(1, sizeof *m);
    if (!m)
        return err_set(ERR_NOMEM, "out of memory");
    *m = (struct manifest){.roster = s->roster, .recording = r, .request = request, .approver = u->name};
    e = manifest_names(m);
    name_batches(m);
    if (!e)
        e = weigh_batches(s, u, m);
    if (!e)
        e = read_files(s, u, m, pulse);
    if (!e)
        e = manifest_write(m, &text);
    snprintf(comment, sizeof comment, "feldsher manifest of %s, approved by %s", r->id, u->name);
    if (!e)
        e = minisign_write(&sig, &u->sign, comment, text.p, text.len);
    if (!e)
        e = custody_entry(s, u, r, "approve",
                          json_pack("{s:s,s:s,s:s}", "request", request->id, "manifest", (const char *)text.p,
                                    "minisig", (const char *)sig.p),
                          id);
    buf_free(&text);
    buf_free(&sig);
    free(m);
    return e;
}

/* Is this the approval, by another supervisor, of a request by u? */
static bool is_approval(const struct station *s, const struct user *u, const struct recording *r,
                        const struct recording_event *v, const struct recording_event **request)
{
    const char *of = json_string_value(json_object_get(v->data, "request"));
    const char *text = json_string_value(json_object_get(v->data, "manifest"));
    const char *sig = json_string_value(json_object_get(v->data, "minisig"));
    const struct roster_user *by = roster_user_key(s->roster, &v->author_key);
    if (strcmp(v->type, "approve") != 0 || !of || !text || !sig || !by || strcmp(by->name, v->author) != 0 ||
        strcmp(v->author, u->name) == 0 || sign_same(&v->author_key, &u->sign.pub) || by->revoked ||
        !roster_user_valid(by, v->time) || !(by->roles & ROLE_SUPERVISOR) ||
        minisign_check(sig, strlen(sig), &v->author_key, text, strlen(text), NULL) != ERR_OK)
        return false;
    for (size_t i = 0; i < r->n_events; i++) {
        const struct recording_event *q = &r->events[i];
        if (strcmp(q->type, "request") == 0 && strcmp(q->id, of) == 0 && strcmp(q->author, u->name) == 0 &&
            sign_same(&q->author_key, &u->sign.pub)) {
            *request = q;
            return true;
        }
    }
    return false;
}

struct outgoing {
    struct package_stream stream; /* of the file that is being written */
    struct station *s;
    const struct user *u;
    const struct recording_list *l;
    const struct recording_event *approval;
    const char *manifest; /* as approved */
    struct manifest *m;
    struct roster *own_roster; /* read from notices/, where it is not the station's present one */
    struct package p;
    struct pulse *pulse;
    struct check check;
    struct check_batch *batches;
    struct check_receipt *receipts;
};

/* The roster of the approval: the present one, or a kept one. */
static enum err approved_roster(struct outgoing *x, uint64_t number)
{
    char name[64], path[4096];
    x->m->roster = x->s->roster;
    if (x->s->roster->number == number)
        return ERR_OK;
    snprintf(name, sizeof name, "notices/roster-%" PRIu64, number);
    enum err e = file_path(path, x->s->dir, name);
    if (!e)
        e = roster_read(&x->own_roster, path, &x->s->authority);
    x->m->roster = x->own_roster;
    return e;
}

static enum err write_some(void *ctx, const uint8_t *bytes, size_t n)
{
    struct outgoing *x = ctx;
    pulse_add(x->pulse, n);
    return package_stream_add(&x->stream, bytes, n);
}

static enum err write_files(struct outgoing *x, struct evidence_report *report)
{
    enum err e = manifest_names(x->m);
    expect_all(x->pulse, x->m->recording);
    for (size_t i = 0; i < x->m->n_files && !e; i++) {
        struct manifest_file *f = &x->m->files[i];
        struct package_stream *w = &x->stream;
        e = package_stream_open(w, &x->p, f->name);
        if (!e)
            e = recording_read(x->s, x->u, &x->m->recording->files[i], 0, UINT64_MAX, write_some, x);
        e = package_stream_close(w, e);
        if (e)
            return e;
        memcpy(f->sha256, w->entry->sha256, sizeof f->sha256);
        f->blake2b = w->entry->blake2b;
        f->size = w->size;
        report->bytes += w->size;
    }
    report->files = x->m->n_files;
    return e;
}

static enum err put_pem(struct outgoing *x, const char *name, const struct sign_public *key)
{
    char pem[SIGN_PEM];
    sign_public_pem(pem, key);
    for (size_t i = 0; i < x->p.n; i++)
        if (strcmp(x->p.files[i].name, name) == 0)
            return ERR_OK; /* the key of a chain that has several batches here */
    return package_str(&x->p, name, pem);
}

static enum err put_author(struct outgoing *x, const char *stem, const struct proof *p)
{
    char name[PACKAGE_NAME];
    const char *plain = (const char *)p->plain.p;
    size_t n = p->plain.len;
    if (!p->batch->author[0])
        return ERR_OK;
    /* the last line is the author's: the body ends before it */
    while (n > 1 && plain[n - 2] != '\n')
        n--;
    const char *line = plain + n - 1;
    json_error_t why;
    json_t *j = json_loadb(line, p->plain.len - (n - 1), 0, &why);
    const char *b64 = json_string_value(json_object_get(j, "signature"));
    uint8_t sig[64];
    size_t len = 0;
    enum err e = b64 && bytes_unb64(sig, sizeof sig, &len, b64, strlen(b64), true) && len == sizeof sig
                     ? ERR_OK
                     : err_set(ERR_BAD, "a batch's last line is not its author's");
    json_decref(j);
    snprintf(name, sizeof name, "batches/%s.body", stem);
    if (!e)
        e = package_put(&x->p, name, plain, n - 1);
    snprintf(name, sizeof name, "batches/%s.sig", stem);
    if (!e)
        e = package_put(&x->p, name, sig, sizeof sig);
    snprintf(name, sizeof name, "batches/%s.pem", stem);
    return e ? e : put_pem(x, name, &p->batch->author_key);
}

static enum err put_batch(struct outgoing *x, struct check_batch *k)
{
    char stem[80], name[PACKAGE_NAME];
    const struct roster_station *from = roster_chain(x->m->roster, k->b->chain);
    struct proof p;
    struct buf parts = {.max = PARTS_MAX};
    if (!from)
        return err_set(ERR_BAD, "chain %s is not in the roster of the approval; approve it anew", k->b->chain);
    enum err e = proof_open(x->s, x->u, k->b->chain, k->b->seq, &p);
    if (e)
        return e;
    k->station = from;
    k->author_key = p.batch->author_key;
    memcpy(k->author, p.batch->author, NAME_LEN);
    snprintf(stem, sizeof stem, "%s-%" PRIu64, k->b->chain, k->b->seq);
    snprintf(name, sizeof name, "batches/%s.jsonl", stem);
    e = package_put(&x->p, name, p.plain.p, p.plain.len);
    if (!e)
        e = put_author(x, stem, &p);
    snprintf(name, sizeof name, "labels/%s", stem);
    if (!e)
        e = package_signed(&x->p, name, "label", p.label.text, p.label.len);
    if (!e && !hash_is_zero(&p.label.parts))
        e = object_get(x->s->dir, &p.label.parts, PARTS_MAX, &parts);
    snprintf(name, sizeof name, "parts/%s.parts", stem);
    if (!e && !hash_is_zero(&p.label.parts))
        e = package_put(&x->p, name, parts.p, parts.len);
    snprintf(name, sizeof name, "keys/%s.pem", k->b->chain);
    if (!e)
        e = put_pem(x, name, &from->key);
    buf_free(&parts);
    proof_free(&p);
    return e;
}

/* The manifest's batches, and behind them the approval's own. */
static enum err put_batches(struct outgoing *x)
{
    size_t n = x->m->n_batches;
    struct manifest_batch *last = NULL;
    x->batches = calloc(n + 1, sizeof *x->batches);
    if (!x->batches)
        return err_set(ERR_NOMEM, "out of memory");
    if (n < MANIFEST_BATCHES_MAX && x->approval->alone) {
        last = &x->m->batches[n];
        *last = (struct manifest_batch){.seq = x->approval->seq};
        memcpy(last->chain, x->approval->chain, CHAIN_ID);
    }
    enum err e = ERR_OK;
    size_t all = n + (last != NULL);
    for (size_t i = 0; i < all && !e; i++) {
        x->batches[i] = (struct check_batch){.b = &x->m->batches[i], .signed_by_two = i < n};
        e = put_batch(x, &x->batches[i]);
    }
    x->check.batches = x->batches;
    x->check.n_batches = all;
    return e;
}

static bool names_chain(const struct outgoing *x, const char *chain)
{
    for (size_t i = 0; i < x->check.n_batches; i++)
        if (strcmp(x->batches[i].b->chain, chain) == 0)
            return true;
    return false;
}

static enum err put_receipts(struct outgoing *x)
{
    const struct recording *r = x->m->recording;
    enum err e = ERR_OK;
    x->receipts = calloc(x->l->n_receipts + 1, sizeof *x->receipts);
    if (!x->receipts)
        return err_set(ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < x->l->n_receipts && !e; i++) {
        const struct receipt *c = x->l->receipts[i];
        const struct roster_hub *hub = roster_hub(x->m->roster, c->hub);
        char stem[PACKAGE_NAME];
        if (!hub || !names_chain(x, c->chain) || !sign_text_check(&c->sig, 0, &hub->sign))
            continue;
        struct check_receipt *k = &x->receipts[x->check.n_receipts++];
        k->key = hub->sign;
        memcpy(k->chain, c->chain, CHAIN_ID);
        memcpy(k->hub, c->hub, NAME_LEN);
        snprintf(stem, sizeof stem, "receipts/%s.%s", c->chain, c->hub);
        e = package_signed(&x->p, stem, "receipt", (const char *)c->text.p, c->text.len);
        snprintf(stem, sizeof stem, "keys/hub-%s.pem", c->hub);
        if (!e)
            e = put_pem(x, stem, &hub->sign);
        if (strcmp(c->chain, r->chain) == 0)
            x->check.receipt_holds = receipt_holds(c, r->seq) && receipt_holds_parts(c, r->seq);
    }
    x->check.receipts = x->receipts;
    return e;
}

static enum err put_public(struct outgoing *x, const char *who, const struct sign_public *key)
{
    char name[PACKAGE_NAME], comment[128];
    struct buf pub = {0};
    snprintf(name, sizeof name, "keys/%s.pub", who);
    snprintf(comment, sizeof comment, "minisign public key of %s, district %s", who, x->m->roster->district);
    enum err e = minisign_public_file(&pub, comment, key);
    if (!e)
        e = package_put(&x->p, name, pub.p, pub.len);
    buf_free(&pub);
    return e;
}

static enum err put_roster(struct outgoing *x)
{
    const struct buf *text = &x->m->roster->text;
    struct buf sig = {0};
    struct sign_text t;
    enum err e = sign_split(&t, (const char *)text->p, text->len);
    if (!e)
        e = minisign_extract((const char *)text->p, text->len, "feldsher-roster", &sig);
    if (!e)
        e = package_put(&x->p, "roster", text->p, text->len);
    if (!e)
        e = package_put(&x->p, "roster.body", t.body, t.body_len);
    if (!e)
        e = package_put(&x->p, "roster.body.minisig", sig.p, sig.len);
    if (!e)
        e = put_public(x, "authority", &x->m->roster->authority);
    buf_free(&sig);
    return e;
}

static enum err put_manifest(struct outgoing *x)
{
    const char *theirs = json_string_value(json_object_get(x->approval->data, "minisig"));
    char name[PACKAGE_NAME], comment[128];
    struct buf sig = {0};
    snprintf(comment, sizeof comment, "feldsher manifest of %s, exported by %s", x->m->recording->id, x->u->name);
    enum err e = minisign_write(&sig, &x->u->sign, comment, x->manifest, strlen(x->manifest));
    if (!e)
        e = package_str(&x->p, "manifest.json", x->manifest);
    snprintf(name, sizeof name, "manifest.json.%s.minisig", x->u->name);
    if (!e)
        e = package_put(&x->p, name, sig.p, sig.len);
    snprintf(name, sizeof name, "manifest.json.%s.minisig", x->approval->author);
    if (!e)
        e = package_str(&x->p, name, theirs);
    if (!e)
        e = put_public(x, x->u->name, &x->u->sign.pub);
    if (!e)
        e = put_public(x, x->approval->author, &x->approval->author_key);
    buf_free(&sig);
    return e;
}

/* What was written, and the batches as they are here, must give the approved
 * manifest byte by byte. */
static enum err compare(struct outgoing *x)
{
    struct buf again = {0};
    enum err e = weigh_batches(x->s, x->u, x->m);
    if (!e)
        e = manifest_write(x->m, &again);
    if (!e && (again.len != strlen(x->manifest) || memcmp(again.p, x->manifest, again.len) != 0))
        e = err_set(ERR_BAD, "what this station holds of recording %s is not what %s approved; verify it, or ask anew",
                    x->m->recording->id, x->approval->author);
    buf_free(&again);
    return e;
}

static enum err write_package(struct outgoing *x, struct evidence_report *report)
{
    struct buf how = {0};
    char id[ENTRY_ID], comment[128];
    struct hash h = hash_of(x->manifest, strlen(x->manifest));
    char hex[HASH_HEX];
    hash_hex(hex, &h);
    const struct recording *r = x->m->recording;
    enum err e = write_files(x, report);
    if (!e)
        e = compare(x);
    if (!e)
        e = put_batches(x);
    if (!e)
        e = put_receipts(x);
    if (!e)
        e = put_roster(x);
    if (!e)
        e = put_manifest(x);
    x->check.m = x->m;
    x->check.requester = x->u->name;
    x->check.others = r->gathered > 1;
    if (!e)
        e = check_text(&x->check, &how);
    if (!e)
        e = package_put(&x->p, "CHECK.txt", how.p, how.len);
    snprintf(comment, sizeof comment, "feldsher package of %s, exported by %s", r->id, x->u->name);
    if (!e)
        e = package_sums(&x->p, comment, &x->u->sign);
    if (!e) /* before it can be seen: a package without an entry must not be */
        e = custody_entry(x->s, x->u, r, "export",
                          json_pack("{s:s,s:s}", "request", x->m->request->id, "manifest_blake2b", hex), id);
    if (!e)
        e = package_publish(&x->p);
    buf_free(&how);
    return e;
}

enum err evidence_export(struct station *s, const struct user *u, const struct recording_list *l,
                         const struct recording *r, const char *dir, struct pulse *pulse,
                         struct evidence_report *report)
{
    *report = (struct evidence_report){0};
    struct outgoing x = {.s = s, .u = u, .l = l, .pulse = pulse};
    const struct recording_event *request = NULL;
    uint64_t number;
    enum err e = is_readable(s, u, l, r);
    if (e)
        return e;
    for (size_t i = r->n_events; i-- > 0 && !x.approval;)
        if (is_approval(s, u, r, &r->events[i], &request))
            x.approval = &r->events[i];
    if (!x.approval)
        return err_set(ERR_DENIED,
                       "nobody has approved a request of yours for recording %s; feldsher recordings request", r->id);
    x.manifest = json_string_value(json_object_get(x.approval->data, "manifest"));
    x.m = calloc(1, sizeof *x.m);
    if (!x.m)
        return err_set(ERR_NOMEM, "out of memory");
    x.m->recording = r;
    x.m->request = request;
    x.m->approver = report->approver;
    memcpy(report->request, request->id, ENTRY_ID);
    e = manifest_read(x.manifest, strlen(x.manifest), x.m, report->approver, &number);
    if (!e && strcmp(report->approver, x.approval->author) != 0)
        e = err_set(ERR_BAD, "the approval by %s names another approver", x.approval->author);
    if (!e)
        e = approved_roster(&x, number);
    if (!e)
        e = package_begin(&x.p, dir);
    if (!e)
        e = write_package(&x, report);
    package_end(&x.p);
    roster_free(x.own_roster);
    free(x.batches);
    free(x.receipts);
    free(x.m);
    return e;
}
