#ifndef STORAGE_SEAL_AGE_H
#define STORAGE_SEAL_AGE_H

#include "storage/base/buf.h"
#include "storage/base/err.h"
#include "storage/seal/identity.h"

#include <stddef.h>
#include <stdint.h>

/*
 * age version 1, binary (https://c2sp.org/age): X25519 and scrypt stanzas
 * written and read, others passed over when reading; ASCII armor (`age -a`)
 * read, never written. Streaming both ways in flat memory: bytes are pushed
 * in, the result goes to a sink.
 *
 * Writing: ChaCha20-Poly1305 chunks of 64 KiB; the header reaches the sink in
 * _new. Reading: plaintext of a chunk reaches the sink only after its tag was
 * checked; every malformed, truncated, reordered or trailing byte and a
 * header whose MAC is wrong are ERR_DATA; a file that is well formed but opens
 * with none of the keys is ERR_DENIED. Keys live in locked memory and are
 * wiped by _free. A failed writer or reader stays failed.
 */
struct age_seal;
struct age_open;

enum err age_seal_new(struct age_seal **out, const struct recipient *to, size_t n, sink_fn *sink, void *ctx) MUST_USE;
/* Work factor 2^log_n; the only stanza of its file. */
enum err age_seal_new_pass(struct age_seal **out, const char *pass, size_t len, unsigned log_n, sink_fn *sink,
                           void *ctx) MUST_USE;
enum err age_seal_write(struct age_seal *s, const void *p, size_t n) MUST_USE;
/* Writes the last chunk. Nothing may be written afterwards. */
enum err age_seal_finish(struct age_seal *s) MUST_USE;
void age_seal_free(struct age_seal *s);

enum err age_open_new(struct age_open **out, const struct identity *ids, size_t n, sink_fn *sink, void *ctx) MUST_USE;
/* Refuses work factors above AGE_SCRYPT_LOGN_MAX (ERR_DATA). */
enum err age_open_new_pass(struct age_open **out, const char *pass, size_t len, sink_fn *sink, void *ctx) MUST_USE;
enum err age_open_write(struct age_open *o, const void *p, size_t n) MUST_USE;
/* Says whether the file was whole. */
enum err age_open_finish(struct age_open *o) MUST_USE;
void age_open_free(struct age_open *o);

/* Whole buffers; out is appended to. */
enum err age_seal_bytes(const struct recipient *to, size_t n, const void *p, size_t len, struct buf *out) MUST_USE;
enum err age_open_bytes(const struct identity *ids, size_t n, const void *p, size_t len, struct buf *out) MUST_USE;
enum err age_seal_bytes_pass(const char *pass, size_t pass_len, unsigned log_n, const void *p, size_t len,
                             struct buf *out) MUST_USE;
enum err age_open_bytes_pass(const char *pass, size_t pass_len, const void *p, size_t len, struct buf *out) MUST_USE;

#endif
