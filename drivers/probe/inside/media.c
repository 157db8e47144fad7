#include "drivers/probe/inside/media.h"

#include "drivers/probe/moment.h"

#include <iconv.h>
#include <libavutil/opt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define IO_BUFFER 32768
#define FORMATS "mov,avi,matroska,mpegts,mpeg,m4v,h264,hevc,mjpeg,h263,asf,flv,wav,mp3,aac,amr"
#define CODECS                                                                                                         \
    "h264,hevc,mpeg4,msmpeg4v1,msmpeg4v2,msmpeg4,mpeg2video,mpeg1video,h263,flv,mjpeg,wmv1,wmv2,vp8,aac,aac_latm,"     \
    "mp2,mp2float,mp3,mp3float,ac3,amrnb,amrwb,pcm_s16le,pcm_s16be,pcm_s24le,pcm_u8,pcm_alaw,pcm_mulaw,adpcm_ima_wav," \
    "adpcm_ms,adpcm_g726,flac,alac"

static void say_nothing(void *ctx, int level, const char *fmt, va_list ap)
{
    (void)ctx, (void)level, (void)fmt, (void)ap;
}

/* Names in a transport stream are in one of these (EN 300 468, annex A); libav
 * has the C library convert them, which reads files the first time. */
static void load_encodings(void)
{
    static const char *const others[] = {"ISO6937", "UCS-2BE", "KSC_5601", "GB2312", "UTF-8"};
    char name[16];
    for (unsigned i = 0; i < sizeof others / sizeof others[0]; i++)
        (void)iconv_open("UTF-8", others[i]); /* for as long as the program lives */
    for (unsigned i = 1; i <= 15; i++) {
        snprintf(name, sizeof name, "ISO-8859-%u", i);
        (void)iconv_open("UTF-8", name);
    }
}

void media_prepare(void)
{
    load_encodings();
    av_log_set_callback(say_nothing);
    av_max_alloc(PROBE_MEMORY / 2);
    setenv("TZ", "UTC0", 1);
    tzset();
    json_object_seed(0);
}

static int on_read(void *ctx, uint8_t *p, int n)
{
    struct media *m = ctx;
    size_t got;
    if (n < 0 || asking_read(m->asking, (uint64_t)m->at, p, (size_t)n, &got) != ERR_OK)
        return AVERROR(EIO);
    m->at += (int64_t)got;
    return got ? (int)got : AVERROR_EOF;
}

static int64_t on_seek(void *ctx, int64_t offset, int whence)
{
    struct media *m = ctx;
    if (whence & AVSEEK_SIZE)
        return (int64_t)m->asking->size;
    /* libavformat itself asks for no other */
    if ((whence & ~AVSEEK_FORCE) != SEEK_SET || offset < 0)
        return AVERROR(EINVAL);
    return m->at = offset;
}

/* A playlist, a reference to another file, a part of a set: never. */
static int on_other_file(AVFormatContext *s, AVIOContext **pb, const char *url, int flags, AVDictionary **options)
{
    (void)s, (void)pb, (void)url, (void)flags, (void)options;
    return AVERROR(EPERM);
}

static const char *tag(const AVFormatContext *f, const char *name)
{
    const AVDictionaryEntry *e = av_dict_get(f->metadata, name, NULL, 0);
    return e ? e->value : NULL;
}

/* The first of several names of it that is there. */
static const char *tag_of(const AVFormatContext *f, const char *const names[])
{
    const char *value = NULL;
    for (; *names && !value; names++)
        value = tag(f, *names);
    return value;
}

static void say_tags(const AVFormatContext *f, struct report *r)
{
    static const char *const make[] = {"com.apple.quicktime.make", "make", NULL};
    static const char *const model[] = {"com.apple.quicktime.model", "model", NULL};
    /* the former has a zone, and is the beginning */
    static const char *const start[] = {"com.apple.quicktime.creationdate", "creation_time", NULL};
    static const char *const location[] = {"com.apple.quicktime.location.ISO6709", "location", NULL};
    const char *v;
    int64_t ms;
    if ((v = tag_of(f, make)))
        report_text(r, "make", v);
    if ((v = tag_of(f, model)))
        report_text(r, "model", v);
    /* 0 is what an unset clock wrote */
    if ((v = tag_of(f, start)) && moment_parse(&ms, v, strlen(v)) && ms > 0)
        json_object_set_new(r->o, "start", json_integer(ms));
    struct track t;
    struct place_point p;
    track_init(&t);
    if ((v = tag_of(f, location)) && degrees_iso6709(v, strlen(v), &p)) {
        track_add(&t, &p);
        report_track(r, &t, "quicktime");
    }
}

static void say_number(json_t *o, const char *name, int v)
{
    if (v > 0)
        json_object_set_new(o, name, json_integer(v));
}

static json_t *stream(const AVStream *s)
{
    const AVCodecParameters *c = s->codecpar;
    const char *kind = av_get_media_type_string(c->codec_type);
    json_t *o = json_pack("{s:s,s:s}", "kind", kind ? kind : "data", "codec", avcodec_get_name(c->codec_id));
    double rate = av_q2d(s->avg_frame_rate.den ? s->avg_frame_rate : (AVRational){0, 1});
    say_number(o, "width", c->width);
    say_number(o, "height", c->height);
    say_number(o, "sample_rate", c->sample_rate);
    say_number(o, "channels", c->ch_layout.nb_channels);
    if (c->codec_type == AVMEDIA_TYPE_VIDEO && isfinite(rate) && rate > 0)
        json_object_set_new(o, "rate", json_real(rate));
    return o;
}

static void say_streams(const AVFormatContext *f, struct report *r)
{
    json_t *all = json_array();
    for (unsigned i = 0; i < f->nb_streams && i < PROBE_STREAMS_MAX; i++)
        json_array_append_new(all, stream(f->streams[i]));
    json_object_set_new(r->o, "streams", all);
    if (f->duration > 0)
        json_object_set_new(r->o, "duration", json_real((double)f->duration / AV_TIME_BASE));
}

/* An option of the context by its name: a mistake of ours shows in every test. */
static bool set(AVFormatContext *f, const char *name, const char *value)
{
    return av_opt_set(f, name, value, 0) >= 0;
}

static bool begin(struct media *m)
{
    uint8_t *buffer = av_malloc(IO_BUFFER);
    m->io = buffer ? avio_alloc_context(buffer, IO_BUFFER, 0, m, on_read, NULL, on_seek) : NULL;
    m->format = avformat_alloc_context();
    if (!m->io || !m->format) {
        if (!m->io)
            av_free(buffer);
        return false;
    }
    m->format->pb = m->io;
    m->format->io_open = on_other_file;
    m->format->flags |= AVFMT_FLAG_CUSTOM_IO | AVFMT_FLAG_DISCARD_CORRUPT;
    m->format->max_streams = (int)PROBE_STREAMS_MAX;
    m->format->probesize = 4 << 20;
    m->format->max_analyze_duration = 5 * (int64_t)AV_TIME_BASE;
    m->format->max_index_size = 16u << 20;
    m->format->max_probe_packets = 500;
    return set(m->format, "format_whitelist", FORMATS) && set(m->format, "codec_whitelist", CODECS) &&
           set(m->format, "protocol_whitelist", "none");
}

bool media_open(struct media *m, struct asking *a, struct report *r)
{
    *m = (struct media){.asking = a};
    r->why = TALK_BROKEN;
    if (!begin(m))
        return false;
    const AVInputFormat *kind = NULL;
    int bad = av_probe_input_buffer2(m->io, &kind, "", NULL, 0, 0);
    if (bad >= 0)
        bad = avformat_open_input(&m->format, "", kind, NULL); /* which frees the context when it fails */
    if (bad < 0) {
        /* not on the list of formats, or like no format at all */
        r->why = a->size && (!kind || bad == AVERROR(EINVAL)) ? TALK_NO_VIDEO : TALK_BROKEN;
        return false;
    }
    bad = avformat_find_stream_info(m->format, NULL);
    json_object_set_new(r->o, "container", json_string(m->format->iformat->name));
    say_tags(m->format, r);
    say_streams(m->format, r);
    r->why = bad < 0 || m->format->nb_streams == 0 ? TALK_BROKEN : TALK_FINE;
    return r->why == TALK_FINE;
}

void media_close(struct media *m)
{
    avformat_close_input(&m->format);
    if (m->io)
        av_freep(&m->io->buffer);
    avio_context_free(&m->io);
}
