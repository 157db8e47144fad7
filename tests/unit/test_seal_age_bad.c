#include "tests/unit/test_seal_tools.h"

#include "storage/limits.h"
#include "storage/seal/age.h"

/*
 * age files made by hand, with an independent hand for every key and MAC, so
 * that each is wrong in one point alone. Stock age judges all of them too.
 */
#define CHUNK 65536u
#define TAG 16u

static struct identity me, other;
static uint8_t file_key[16];
static char share_b64[44], body_b64[44], share2_b64[44], body2_b64[44], long_b64[55], pass_b64[44];

static void hkdf(uint8_t out[32], const uint8_t *ikm, size_t ikm_len, const void *salt, size_t salt_len,
                 const char *info)
{
    uint8_t prk[32], one = 1;
    crypto_auth_hmacsha256_state s;
    crypto_auth_hmacsha256_init(&s, salt_len ? salt : (const void *)"", salt_len);
    crypto_auth_hmacsha256_update(&s, ikm, ikm_len);
    crypto_auth_hmacsha256_final(&s, prk);
    crypto_auth_hmacsha256_init(&s, prk, 32);
    crypto_auth_hmacsha256_update(&s, (const uint8_t *)info, strlen(info));
    crypto_auth_hmacsha256_update(&s, &one, 1);
    crypto_auth_hmacsha256_final(&s, out);
}

static void b64(char *out, const void *p, size_t n)
{
    sodium_bin2base64(out, sodium_base64_encoded_len(n, sodium_base64_VARIANT_ORIGINAL_NO_PADDING), p, n,
                      sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
}

static void wrap(char *share_out, char *body_out, const struct recipient *to, const uint8_t *key, size_t key_len)
{
    static const uint8_t nonce[12];
    uint8_t secret[32], share[32], shared[32], salt[64], k[32], body[64];
    randombytes_buf(secret, 32);
    crypto_scalarmult_base(share, secret);
    assert_int_equal(0, crypto_scalarmult(shared, secret, to->pk));
    memcpy(salt, share, 32);
    memcpy(salt + 32, to->pk, 32);
    hkdf(k, shared, 32, salt, 64, "age-encryption.org/v1/X25519");
    crypto_aead_chacha20poly1305_ietf_encrypt(body, NULL, key, key_len, NULL, 0, NULL, nonce, k);
    b64(share_out, share, 32);
    b64(body_out, body, key_len + TAG);
}

static int setup(void **state)
{
    int r = tools_setup(state);
    char text[IDENTITY_TEXT];
    identity_new(&me);
    identity_new(&other);
    identity_text(text, &me);
    save("key", text, strlen(text));
    randombytes_buf(file_key, sizeof file_key);
    wrap(share_b64, body_b64, &me.to, file_key, 16);
    wrap(share2_b64, body2_b64, &other.to, file_key, 16);
    uint8_t longer[24] = {0};
    char share[44];
    memcpy(longer, file_key, 16);
    wrap(share, long_b64, &me.to, longer, 24); /* only its length matters */
    return r;
}

/* The MAC of what stands there, its "---" included. */
static void mac_of(char out[44], const struct buf *b)
{
    uint8_t k[32], mac[32];
    size_t n = b->len; /* up to and with the last "---" */
    while (n >= 3 && memcmp(b->p + n - 3, "---", 3) != 0)
        n--;
    assert_true(n >= 3);
    hkdf(k, file_key, 16, "", 0, "header");
    crypto_auth_hmacsha256_state s;
    crypto_auth_hmacsha256_init(&s, k, 32);
    crypto_auth_hmacsha256_update(&s, b->p, n);
    crypto_auth_hmacsha256_final(&s, mac);
    b64(out, mac, 32);
}

/* %S, %B: share and body of a stanza for us; %s, %b: for another; %L: a body
 * too long; %P: one under the passphrase; %F: 64 columns; %H: 32 zero bytes;
 * %M: the MAC; %Q: it, its last bits not zero; %0: a NUL. */
static struct buf header(const char *pattern)
{
    static const char zeros[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    struct buf b = {0};
    for (const char *p = pattern; *p; p++) {
        char mac[44];
        if (*p != '%') {
            assert_ok(buf_add(&b, p, 1));
            continue;
        }
        switch (*++p) {
        case 'S':
            assert_ok(buf_str(&b, share_b64));
            break;
        case 'B':
            assert_ok(buf_str(&b, body_b64));
            break;
        case 's':
            assert_ok(buf_str(&b, share2_b64));
            break;
        case 'b':
            assert_ok(buf_str(&b, body2_b64));
            break;
        case 'L':
            assert_ok(buf_str(&b, long_b64));
            break;
        case 'P':
            assert_ok(buf_str(&b, pass_b64));
            break;
        case 'F':
            assert_ok(buf_add(&b, zeros, 64));
            break;
        case 'H':
            assert_ok(buf_add(&b, zeros, 43));
            break;
        case '0':
            assert_ok(buf_add(&b, "", 1));
            break;
        default:
            mac_of(mac, &b);
            if (*p == 'Q')
                mac[42]++; /* of A, E, I ... 8 the next has a bit more */
            assert_ok(buf_str(&b, mac));
        }
    }
    return b;
}

static const uint8_t nonce16[16] = "sixteen bytes !";

static void add_chunk(struct buf *b, uint64_t counter, bool last, const uint8_t *p, size_t n)
{
    uint8_t k[32], nonce[12] = {0}, *out = malloc(n + TAG);
    assert_non_null(out);
    hkdf(k, file_key, 16, nonce16, 16, "payload");
    for (int i = 0; i < 8; i++)
        nonce[10 - i] = (uint8_t)(counter >> 8 * i);
    nonce[11] = last;
    crypto_aead_chacha20poly1305_ietf_encrypt(out, NULL, p, n, NULL, 0, NULL, nonce, k);
    assert_ok(buf_add(b, out, n + TAG));
    free(out);
}

static enum err stock(const struct buf *a)
{
    save("f.age", a->p, a->len);
    return run("age -d -i key f.age > f") ? ERR_DATA : ERR_OK;
}

/* Ours, in one piece and byte by byte; what reaches the sink is a beginning of want. */
static enum err ours(const struct buf *a, const uint8_t *want, size_t want_len)
{
    struct buf out = {0}, again = {0};
    enum err e = age_open_bytes(&me, 1, a->p, a->len, &out);
    struct age_open *o;
    assert_ok(age_open_new(&o, &me, 1, buf_sink, &again));
    enum err e2 = ERR_OK;
    for (size_t i = 0; i < a->len && !e2; i++)
        e2 = age_open_write(o, a->p + i, 1);
    if (!e2)
        e2 = age_open_finish(o);
    age_open_free(o);
    assert_err(e, e2);
    assert_true(out.len <= want_len && again.len <= want_len);
    if (out.len)
        assert_memory_equal(want, out.p, out.len);
    if (again.len)
        assert_memory_equal(want, again.p, again.len);
    if (!e)
        assert_int_equal(want_len, out.len);
    buf_free(&out);
    buf_free(&again);
    return e;
}

#define V1 "age-encryption.org/v1\n"
#define OURS "-> X25519 %S\n%B\n"
#define THEIRS "-> X25519 %s\n%b\n"
#define END "--- %M\n"
#define ZERO_32 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static const struct {
    const char *what;
    const char *pattern;
    enum err want;
    bool stock_differs;
} headers[] = {
    {"valid", V1 OURS END, ERR_OK, false},
    {"two recipients", V1 THEIRS OURS END, ERR_OK, false},
    {"the other way round", V1 OURS THEIRS END, ERR_OK, false},
    {"others' stanzas", V1 "-> grease\n\n" OURS "-> a b c ~!\nAAAA\n" END, ERR_OK, false},
    {"a long body", V1 "-> joint a\n%F\n%F\nAAAA\n" OURS END, ERR_OK, false},
    {"a body of full lines, with its empty one", V1 "-> joint a\n%F\n%F\n\n" OURS END, ERR_OK, false},
    {"a stanza of a similar name", V1 "-> x25519 %S\n%B\n" OURS END, ERR_OK, false},
    {"a stanza named by its argument", V1 "-> X25519x %S\n%B\n-> X 25519\n\n" OURS END, ERR_OK, false},

    {"nobody's file", V1 THEIRS END, ERR_DENIED, false},
    {"unknown stanzas alone", V1 "-> grease\n\n" END, ERR_DENIED, false},
    {"scrypt for X25519's keys", V1 "-> scrypt AAAAAAAAAAAAAAAAAAAAAA 10\n%B\n" END, ERR_DENIED, false},

    {"another version", "age-encryption.org/v2\n" OURS END, ERR_DATA, false},
    {"no version", "age-encryption.org/\n" OURS END, ERR_DATA, false},
    {"version with CR", "age-encryption.org/v1\r\n" OURS END, ERR_DATA, false},
    {"version with a blank", "age-encryption.org/v1 \n" OURS END, ERR_DATA, false},
    {"blank line first", "\n" V1 OURS END, ERR_DATA, false},
    {"version in capitals", "AGE-encryption.org/v1\n" OURS END, ERR_DATA, false},
    {"version longer", "age-encryption.org/v1x\n" OURS END, ERR_DATA, false},
    {"no stanza", V1 END, ERR_DATA, false},
    {"no stanza, no version", END, ERR_DATA, false},
    {"no MAC line", V1 OURS, ERR_DATA, false},
    {"CR in the stanza line", V1 "-> X25519 %S\r\n%B\n" END, ERR_DATA, false},
    {"CR in the body", V1 "-> X25519 %S\n%B\r\n" END, ERR_DATA, false},
    {"CR in the MAC line", V1 OURS "--- %M\r\n", ERR_DATA, false},
    {"CR LF all over", "age-encryption.org/v1\r\n-> X25519 %S\r\n%B\r\n--- %M\r\n", ERR_DATA, false},
    {"blank line between", V1 OURS "\n" THEIRS END, ERR_DATA, false},
    {"stanza without type", V1 "->\n\n" OURS END, ERR_DATA, false},
    {"stanza with an empty type", V1 "-> \n\n" OURS END, ERR_DATA, false},
    {"stanza without blank", V1 "->X25519 %S\n%B\n" END, ERR_DATA, false},
    {"another arrow", V1 "=> X25519 %S\n%B\n" END, ERR_DATA, false},
    {"two blanks", V1 "-> X25519  %S\n%B\n" END, ERR_DATA, false},
    {"blank behind", V1 "-> X25519 %S \n%B\n" END, ERR_DATA, false},
    {"blank in front", V1 "->  X25519 %S\n%B\n" END, ERR_DATA, false},
    {"tab for blank", V1 "-> X25519\t%S\n%B\n" END, ERR_DATA, false},
    {"empty argument of another's", V1 "-> grease  a\n\n" OURS END, ERR_DATA, false},
    {"control character in another's", V1 "-> grease \x01\n\n" OURS END, ERR_DATA, false},
    {"DEL in another's", V1 "-> grease \x7f\n\n" OURS END, ERR_DATA, false},
    {"NUL in another's", V1 "-> grease a%0\n\n" OURS END, ERR_DATA, false},
    {"not ASCII in another's", V1 "-> grease \xc3\xa9\n\n" OURS END, ERR_DATA, false},
    {"X25519 without share", V1 "-> X25519\n%B\n" OURS END, ERR_DATA, false},
    {"X25519 with one argument more", V1 "-> X25519 %S more\n%B\n" END, ERR_DATA, false},
    {"share too short", V1 "-> X25519 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n%B\n" OURS END, ERR_DATA, false},
    {"share too long", V1 "-> X25519 %SAA\n%B\n" OURS END, ERR_DATA, false},
    {"share with padding", V1 "-> X25519 %S=\n%B\n" OURS END, ERR_DATA, false},
    {"share not canonical", V1 "-> X25519 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB\n%B\n" OURS END, ERR_DATA, false},
    {"share in the URL alphabet", V1 "-> X25519 ____________________________________________\n%B\n" OURS END, ERR_DATA,
     false},
    {"share of zeros", V1 "-> X25519 %H\n%B\n" OURS END, ERR_DATA, false},
    {"share of order 4", V1 "-> X25519 AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n%B\n" OURS END, ERR_DATA, false},
    {"share of order 8", V1 "-> X25519 4Ot6fDtBuK4WVuP68Z/EatoJjeucMrH9hmIFFl9JuAA\n%B\n" OURS END, ERR_DATA, false},
    {"share p - 1", V1 "-> X25519 7P///////////////////////////////////////38\n%B\n" OURS END, ERR_DATA, false},
    {"share p", V1 "-> X25519 7f///////////////////////////////////////38\n%B\n" OURS END, ERR_DATA, false},
    {"share of zeros behind ours", V1 OURS "-> X25519 %H\n%B\n" END, ERR_OK, false},
    {"share too short behind ours", V1 OURS "-> X25519 AAAA\n%B\n" END, ERR_OK, false},
    {"no body", V1 "-> X25519 %S\n\n" END, ERR_DATA, false},
    {"body too long", V1 "-> X25519 %S\n%L\n" END, ERR_DATA, false},
    {"body too short", V1 "-> X25519 %S\nAAAA\n" END, ERR_DATA, false},
    {"body in two lines", V1 "-> X25519 %S\n%F\n%B\n" END, ERR_DATA, false},
    {"body with padding", V1 "-> X25519 %S\n%B=\n" END, ERR_DATA, false},
    {"body broken off early", V1 "-> X25519 %S\nAAAA\n%B\n" END, ERR_DATA, false},
    {"body with a blank", V1 "-> X25519 %S\n %B\n" END, ERR_DATA, false},
    {"body missing", V1 "-> X25519 %S\n" END, ERR_DATA, false},
    {"body missing before the next", V1 "-> grease\n" OURS END, ERR_DATA, false},
    {"full line without a last one", V1 "-> grease\n%F\n" OURS END, ERR_DATA, false},
    {"full line without a last one at the end", V1 OURS "-> grease\n%F\n" END, ERR_DATA, false},
    {"line of 65 columns", V1 "-> grease\n%FA\n\n" OURS END, ERR_DATA, false},
    {"line of 66 columns", V1 "-> grease\n%FAA\n" OURS END, ERR_DATA, false},
    {"line of 68 columns", V1 "-> grease\n%FAAAA\n" OURS END, ERR_DATA, false},
    {"line of 61 columns", V1 "-> grease\n" ZERO_32 "AAAAAAAAAAAAAAAAAA\n" OURS END, ERR_DATA, false},
    {"line of one column", V1 "-> grease\nA\n" OURS END, ERR_DATA, false},
    {"another's body not canonical", V1 "-> grease\nAB\n" OURS END, ERR_DATA, false},
    {"another's body not canonical, three", V1 "-> grease\nAAB\n" OURS END, ERR_DATA, false},
    {"another's body with padding", V1 "-> grease\nAA==\n" OURS END, ERR_DATA, false},
    {"another's body not ASCII", V1 "-> grease\nAAA\x80\n" OURS END, ERR_DATA, false},
    {"NUL in the body", V1 "-> grease\nAAAA%0\n" OURS END, ERR_DATA, false},
    {"MAC of zeros", V1 OURS "--- %H\n", ERR_DATA, false},
    {"MAC without blank", V1 OURS "---%M\n", ERR_DATA, false},
    {"MAC with two blanks", V1 OURS "---  %M\n", ERR_DATA, false},
    {"MAC with a blank behind", V1 OURS "--- %M \n", ERR_DATA, false},
    {"MAC missing", V1 OURS "---\n", ERR_DATA, false},
    {"MAC missing behind its blank", V1 OURS "--- \n", ERR_DATA, false},
    {"MAC with padding", V1 OURS "--- %M=\n", ERR_DATA, false},
    {"MAC not canonical", V1 OURS "--- %Q\n", ERR_DATA, false},
    {"MAC and more", V1 OURS "--- %M more\n", ERR_DATA, false},
    {"MAC too short", V1 OURS "--- AAAA\n", ERR_DATA, false},
    {"MAC too long", V1 OURS "--- %MAAAA\n", ERR_DATA, false},
    {"MAC line of four", V1 OURS "---- %M\n", ERR_DATA, false},
    {"MAC line first", V1 "--- %M\n" OURS "--- %M\n", ERR_DATA, false},
    /* the specification: scrypt MUST stand alone; stock age checks that when it looks for a passphrase only */
    {"scrypt beside ours", V1 OURS "-> scrypt AAAAAAAAAAAAAAAAAAAAAA 10\n%B\n" END, ERR_DATA, true},
    {"scrypt before ours", V1 "-> scrypt AAAAAAAAAAAAAAAAAAAAAA 10\n%B\n" OURS END, ERR_DATA, true},
};

static void a_malformed_header_opens(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        struct buf a = header(headers[i].pattern);
        assert_ok(buf_add(&a, nonce16, 16));
        add_chunk(&a, 0, true, (const uint8_t *)"note", 4);
        enum err e = ours(&a, (const uint8_t *)"note", 4);
        if (e != headers[i].want)
            fail_msg("%s: %d", headers[i].what, (int)e);
        if (!headers[i].stock_differs && (stock(&a) == ERR_OK) != (e == ERR_OK))
            fail_msg("%s: stock age judges otherwise", headers[i].what);
        buf_free(&a);
    }
}

static void a_key_of_a_wrong_size_opens(void **state)
{
    (void)state;
    uint8_t key[17] = {0};
    char share[44], body[64];
    for (size_t n = 0; n <= 17; n++) {
        memcpy(key, file_key, 16);
        wrap(share, body, &me.to, key, n);
        struct buf a = {0};
        assert_ok(buf_fmt(&a, V1 "-> X25519 %s\n%s\n---", share, body));
        char text[44];
        mac_of(text, &a);
        assert_ok(buf_fmt(&a, " %s\n", text));
        assert_ok(buf_add(&a, nonce16, 16));
        add_chunk(&a, 0, true, (const uint8_t *)"note", 4);
        assert_err(n == 16 ? ERR_OK : ERR_DATA, ours(&a, (const uint8_t *)"note", 4));
        buf_free(&a);
    }
}

/* One letter a chunk: its counter follows; F full, N normal (half), E empty,
 * lower case: with the last-chunk flag; t: cut one byte off, T: add one. */
static const struct {
    const char *what;
    const char *plan;
    enum err want;
} payloads[] = {
    {"one short", "n0", ERR_OK},
    {"one full", "f0", ERR_OK},
    {"empty", "e0", ERR_OK},
    {"two", "F0n1", ERR_OK},
    {"two full", "F0f1", ERR_OK},
    {"three", "F0F1n2", ERR_OK},
    {"nothing", "", ERR_DATA},
    {"empty last behind a full one", "F0e1", ERR_DATA},
    {"empty last behind a full last one", "f0e1", ERR_DATA},
    {"empty, not last", "E0", ERR_DATA},
    {"no last, short", "N0", ERR_DATA},
    {"no last, full", "F0", ERR_DATA},
    {"no last, two full", "F0F1", ERR_DATA},
    {"no last, full and short", "F0N1", ERR_DATA},
    {"two last, full", "f0f1", ERR_DATA},
    {"two last, full and short", "f0n1", ERR_DATA},
    {"two last, short", "n0n1", ERR_DATA},
    {"the same last twice", "f0f0", ERR_DATA},
    {"short in the middle", "N0n1", ERR_DATA},
    {"swapped", "F1F0n2", ERR_DATA},
    {"swapped with the last", "f1F0", ERR_DATA},
    {"duplicated", "F0F0n1", ERR_DATA},
    {"duplicated, counted on", "F0F0n2", ERR_DATA},
    {"first removed", "F1n2", ERR_DATA},
    {"middle removed", "F0n2", ERR_DATA},
    {"last removed", "F0F1", ERR_DATA},
    {"counter from one", "n1", ERR_DATA},
    {"a byte too few", "n0t", ERR_DATA},
    {"a byte too few, full", "f0t", ERR_DATA},
    {"a byte too few, empty", "e0t", ERR_DATA},
    {"a byte too many", "n0T", ERR_DATA},
    {"a byte too many, full", "f0T", ERR_DATA},
    {"a byte too many, empty", "e0T", ERR_DATA},
    {"a byte too many, two", "F0n1T", ERR_DATA},
    {"a byte too few, two", "F0n1t", ERR_DATA},
    {"a byte too few in no last", "F0t", ERR_DATA},
    {"one byte of a last", "F0T", ERR_DATA},
};

static void a_malformed_payload_opens(void **state)
{
    (void)state;
    uint8_t *p = noise(3 * CHUNK);
    for (size_t i = 0; i < sizeof payloads / sizeof *payloads; i++) {
        struct buf a = header(V1 OURS END);
        assert_ok(buf_add(&a, nonce16, 16));
        size_t want = 0;
        for (const char *s = payloads[i].plan; *s; s++) {
            if (*s == 't')
                a.len--;
            else if (*s == 'T')
                assert_ok(buf_add(&a, "x", 1));
            if (*s == 't' || *s == 'T')
                continue;
            bool last = *s >= 'a';
            size_t n = *s == 'F' || *s == 'f' ? CHUNK : *s == 'N' || *s == 'n' ? CHUNK / 2 : 0;
            uint64_t counter = (uint64_t)(*++s - '0');
            add_chunk(&a, counter, last, p + counter * CHUNK, n);
            if (counter * CHUNK + n > want)
                want = counter * CHUNK + n;
        }
        enum err e = ours(&a, p, want);
        if (e != payloads[i].want)
            fail_msg("%s: %d", payloads[i].what, (int)e);
        if (stock(&a) != e)
            fail_msg("%s: stock age judges otherwise", payloads[i].what);
        buf_free(&a);
    }
    free(p);
}

static void what_was_authentic_is_held_back_or_more_is_released(void **state)
{
    (void)state;
    uint8_t *p = noise(3 * CHUNK);
    static const struct {
        const char *plan;
        size_t out;
    } cases[] = {{"F0F1n3", 2}, {"F0e1", 1}, {"f0f1", 1}, {"F0F2n3", 1}, {"F0F1", 2}, {"F1n2", 0}, {"n1", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf a = header(V1 OURS END), out = {0};
        assert_ok(buf_add(&a, nonce16, 16));
        for (const char *s = cases[i].plan; *s; s += 2)
            add_chunk(&a, (uint64_t)(s[1] - '0'), *s >= 'a', p + (*s == 'n' ? 0 : s[1] - '0') * (ptrdiff_t)CHUNK,
                      *s == 'e' ? 0 : CHUNK);
        assert_err(ERR_DATA, age_open_bytes(&me, 1, a.p, a.len, &out));
        assert_same(&out, p, cases[i].out * CHUNK);
        buf_free(&a);
        buf_free(&out);
    }
    free(p);
}

static struct buf small(void)
{
    struct buf a = {0};
    assert_ok(age_seal_bytes(&me.to, 1, "a note of some length", 21, &a));
    return a;
}

static void a_truncated_file_opens(void **state)
{
    (void)state;
    struct buf a = small();
    for (size_t n = 0; n < a.len; n++) {
        struct buf out = {0};
        assert_err(ERR_DATA, age_open_bytes(&me, 1, a.p, n, &out));
        assert_int_equal(0, out.len);
        buf_free(&out);
    }
    assert_ok(buf_add(&a, "x", 1));
    struct buf out = {0};
    assert_err(ERR_DATA, age_open_bytes(&me, 1, a.p, a.len, &out));
    assert_int_equal(0, out.len);
    buf_free(&out);
    buf_free(&a);
}

static void a_flipped_bit_is_overlooked(void **state)
{
    (void)state;
    struct buf a = small();
    for (size_t i = 0; i < a.len * 8; i++) {
        struct buf out = {0};
        a.p[i / 8] ^= (uint8_t)(1 << i % 8);
        enum err e = age_open_bytes(&me, 1, a.p, a.len, &out);
        assert_true(e == ERR_DATA || e == ERR_DENIED);
        assert_int_equal(0, out.len);
        a.p[i / 8] ^= (uint8_t)(1 << i % 8);
        buf_free(&out);
    }
    buf_free(&a);
}

static void a_byte_left_out_or_put_in_is_overlooked(void **state)
{
    (void)state;
    struct buf a = small();
    for (size_t i = 0; i < a.len; i++) {
        struct buf b = {0}, out = {0};
        assert_ok(buf_add(&b, a.p, i));
        assert_ok(buf_add(&b, a.p + i + 1, a.len - i - 1));
        assert_true(age_open_bytes(&me, 1, b.p, b.len, &out) != ERR_OK);
        buf_clear(&b);
        assert_ok(buf_add(&b, a.p, i));
        assert_ok(buf_add(&b, a.p[i] == '\n' ? " " : "\n", 1));
        assert_ok(buf_add(&b, a.p + i, a.len - i));
        assert_true(age_open_bytes(&me, 1, b.p, b.len, &out) != ERR_OK);
        assert_int_equal(0, out.len);
        buf_free(&b);
        buf_free(&out);
    }
    buf_free(&a);
}

static void an_endless_header_takes_memory(void **state)
{
    (void)state;
    struct buf line = {0}, out = {0};
    struct age_open *o;
    for (int how = 0; how < 4; how++) {
        assert_ok(age_open_new(&o, &me, 1, buf_sink, &out));
        enum err e = how == 3 ? ERR_OK : age_open_write(o, V1, strlen(V1));
        buf_clear(&line);
        assert_ok(buf_str(&line, how == 0   ? "-> grease\n\n"
                                 : how == 1 ? "-> grease grease grease grease grease "
                                 : how == 2 ? "-> grease\n"
                                            : "no line end at all "));
        if (how == 2) {
            e = age_open_write(o, line.p, line.len);
            buf_free(&line);
            line = header("%F\n");
        }
        size_t fed = 0;
        for (; !e && fed < 10 * AGE_HEADER_MAX; fed += line.len)
            e = age_open_write(o, line.p, line.len);
        assert_err(ERR_DATA, e);
        assert_true(fed <= AGE_HEADER_MAX + 1000);
        age_open_free(o);
    }
    assert_int_equal(0, out.len);
    buf_free(&line);
    buf_free(&out);
}

#define PASS "pass"
#define SALT "AAAAAAAAAAAAAAAAAAAAAA"

static const struct {
    const char *what;
    const char *stanza; /* %P fits SALT and work factor 1 */
    enum err want;
} passes[] = {
    {"valid", "-> scrypt " SALT " 1\n%P\n", ERR_OK},
    {"another salt", "-> scrypt AAAAAAAAAAAAAAAAAAAAAQ 1\n%P\n", ERR_DENIED},
    {"another work factor", "-> scrypt " SALT " 2\n%P\n", ERR_DENIED},
    {"work factor 0", "-> scrypt " SALT " 0\n%P\n", ERR_DATA},
    {"work factor 01", "-> scrypt " SALT " 01\n%P\n", ERR_DATA},
    {"work factor +1", "-> scrypt " SALT " +1\n%P\n", ERR_DATA},
    {"work factor -1", "-> scrypt " SALT " -1\n%P\n", ERR_DATA},
    {"work factor 0x1", "-> scrypt " SALT " 0x1\n%P\n", ERR_DATA},
    {"work factor 1.0", "-> scrypt " SALT " 1.0\n%P\n", ERR_DATA},
    {"work factor 1a", "-> scrypt " SALT " 1a\n%P\n", ERR_DATA},
    {"work factor a1", "-> scrypt " SALT " a1\n%P\n", ERR_DATA},
    {"work factor 21", "-> scrypt " SALT " 21\n%P\n", ERR_DATA},
    {"work factor 64", "-> scrypt " SALT " 64\n%P\n", ERR_DATA},
    {"work factor 2^64 + 1", "-> scrypt " SALT " 18446744073709551617\n%P\n", ERR_DATA},
    {"work factor endless", "-> scrypt " SALT " 100000000000000000000000000000000000000001\n%P\n", ERR_DATA},
    {"work factor missing", "-> scrypt " SALT "\n%P\n", ERR_DATA},
    {"salt missing", "-> scrypt 1\n%P\n", ERR_DATA},
    {"both missing", "-> scrypt\n%P\n", ERR_DATA},
    {"an argument more", "-> scrypt " SALT " 1 1\n%P\n", ERR_DATA},
    {"salt too short", "-> scrypt AAAAAAAAAAAAAAAAAAAA 1\n%P\n", ERR_DATA},
    {"salt too long", "-> scrypt AAAAAAAAAAAAAAAAAAAAAAA 1\n%P\n", ERR_DATA},
    {"salt with padding", "-> scrypt " SALT "== 1\n%P\n", ERR_DATA},
    {"salt not canonical", "-> scrypt AAAAAAAAAAAAAAAAAAAAAB 1\n%P\n", ERR_DATA},
    {"type in capitals", "-> Scrypt " SALT " 1\n%P\n", ERR_DENIED},
    {"body too short", "-> scrypt " SALT " 1\nAAAA\n", ERR_DATA},
    {"no body", "-> scrypt " SALT " 1\n\n", ERR_DATA},
    {"body too long", "-> scrypt " SALT " 1\n%PAAA\n", ERR_DATA},
    {"twice", "-> scrypt " SALT " 1\n%P\n-> scrypt " SALT " 1\nAAAA\n", ERR_DATA},
    {"with grease behind", "-> scrypt " SALT " 1\n%P\n-> grease\n\n", ERR_DATA},
    {"with grease before", "-> grease\n\n-> scrypt " SALT " 1\n%P\n", ERR_DATA},
};

static void a_malformed_passphrase_stanza_opens(void **state)
{
    (void)state;
    uint8_t salt[28 + 16] = "age-encryption.org/v1/scrypt", k[32], body[32];
    static const uint8_t nonce[12];
    assert_int_equal(
        0, crypto_pwhash_scryptsalsa208sha256_ll((const uint8_t *)PASS, 4, salt, sizeof salt, 2, 8, 1, k, sizeof k));
    crypto_aead_chacha20poly1305_ietf_encrypt(body, NULL, file_key, 16, NULL, 0, NULL, nonce, k);
    b64(pass_b64, body, sizeof body);
    for (size_t i = 0; i < sizeof passes / sizeof *passes; i++) {
        struct buf pattern = {0}, out = {0};
        assert_ok(buf_str(&pattern, V1));
        assert_ok(buf_str(&pattern, passes[i].stanza));
        assert_ok(buf_str(&pattern, END));
        struct buf a = header((const char *)pattern.p);
        assert_ok(buf_add(&a, nonce16, 16));
        add_chunk(&a, 0, true, (const uint8_t *)"note", 4);
        enum err e = age_open_bytes_pass(PASS, 4, a.p, a.len, &out);
        if (e != passes[i].want)
            fail_msg("%s: %d", passes[i].what, (int)e);
        assert_int_equal(e ? 0 : 4, out.len);
        buf_free(&pattern);
        buf_free(&a);
        buf_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_malformed_header_opens),
        cmocka_unit_test(a_key_of_a_wrong_size_opens),
        cmocka_unit_test(a_malformed_payload_opens),
        cmocka_unit_test(what_was_authentic_is_held_back_or_more_is_released),
        cmocka_unit_test(a_truncated_file_opens),
        cmocka_unit_test(a_flipped_bit_is_overlooked),
        cmocka_unit_test(a_byte_left_out_or_put_in_is_overlooked),
        cmocka_unit_test(an_endless_header_takes_memory),
        cmocka_unit_test(a_malformed_passphrase_stanza_opens),
    };
    return cmocka_run_group_tests_name("seal age, malformed", tests, setup, tools_teardown);
}
