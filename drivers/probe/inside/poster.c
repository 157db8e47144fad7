#include "drivers/probe/inside/poster.h"

#include <libavcodec/avcodec.h>
#include <libavutil/imgutils.h>
#include <libswscale/swscale.h>

#define TRIES 3u /* key frames that the decoder may refuse */

struct decoding {
    const struct media *m;
    AVStream *stream;
    AVCodecContext *codec;
    AVPacket *packet;
    AVFrame *frame;
};

static bool begin(struct decoding *d)
{
    const AVCodec *codec;
    int which = av_find_best_stream(d->m->format, AVMEDIA_TYPE_VIDEO, -1, -1, &codec, 0);
    if (which < 0)
        return false;
    d->stream = d->m->format->streams[which];
    d->codec = avcodec_alloc_context3(codec);
    d->packet = av_packet_alloc();
    d->frame = av_frame_alloc();
    if (!d->codec || !d->packet || !d->frame || avcodec_parameters_to_context(d->codec, d->stream->codecpar) < 0)
        return false;
    d->codec->thread_count = 1; /* another thread is more than it may start */
    d->codec->max_pixels = PROBE_FRAME_MAX;
    d->codec->flags |= AV_CODEC_FLAG_LOW_DELAY;
    d->codec->skip_loop_filter = AVDISCARD_ALL;
    d->codec->codec_whitelist = av_strdup(d->m->format->codec_whitelist);
    return d->codec->codec_whitelist && avcodec_open2(d->codec, codec, NULL) >= 0;
}

/* A second in, or a third of what is shorter. Where there is no seeking, the
 * first key frame has to do. */
static void seek(const struct decoding *d)
{
    AVFormatContext *f = d->m->format;
    int64_t from = f->start_time == AV_NOPTS_VALUE ? 0 : f->start_time, in = AV_TIME_BASE;
    if (f->duration <= 0)
        return;
    if (f->duration / 3 < in)
        in = f->duration / 3;
    if (avformat_seek_file(f, -1, from + in, from + in, INT64_MAX, 0) < 0)
        avformat_seek_file(f, -1, INT64_MIN, from + in, from + in, 0);
}

/* The last key frame may have been before that. */
static bool seek_back(const struct decoding *d)
{
    AVFormatContext *f = d->m->format;
    int64_t from = f->start_time == AV_NOPTS_VALUE ? 0 : f->start_time;
    return f->duration > 0 && avformat_seek_file(f, -1, INT64_MIN, from, from, AVSEEK_FLAG_BACKWARD) >= 0;
}

/* One key frame, decoded on its own. */
static bool decode(const struct decoding *d)
{
    avcodec_flush_buffers(d->codec);
    if (avcodec_send_packet(d->codec, d->packet) < 0)
        return false;
    int got = avcodec_receive_frame(d->codec, d->frame);
    if (got == AVERROR(EAGAIN)) {
        avcodec_send_packet(d->codec, NULL);
        got = avcodec_receive_frame(d->codec, d->frame);
    }
    return got >= 0 && d->frame->width > 0 && d->frame->height > 0;
}

static bool find(const struct decoding *d)
{
    unsigned tries = TRIES;
    bool found = false;
    for (unsigned i = 0; i < PROBE_PACKETS_MAX && tries && !found; i++) {
        if (av_read_frame(d->m->format, d->packet) < 0)
            break;
        if (d->packet->stream_index == d->stream->index && d->packet->flags & AV_PKT_FLAG_KEY) {
            found = decode(d);
            tries--;
        }
        av_packet_unref(d->packet);
    }
    return found;
}

/* The largest size in the poster's that has the picture's shape. */
static void fit(const struct decoding *d, int *w, int *h)
{
    AVRational sar = d->frame->sample_aspect_ratio;
    bool square = sar.num <= 0 || sar.den <= 0 || sar.num > 16 * sar.den || sar.den > 16 * sar.num;
    double wide = (double)d->frame->width * (square ? 1 : av_q2d(sar)), high = d->frame->height;
    double k = (double)PROBE_POSTER_W / wide, other = (double)PROBE_POSTER_H / high;
    k = k < other ? k : other;
    k = k < 1 ? k : 1;
    *w = (int)(wide * k + 0.5);
    *h = (int)(high * k + 0.5);
    *w = *w < 1 ? 1 : *w;
    *h = *h < 1 ? 1 : *h;
}

static bool draw(const struct decoding *d, struct buf *out)
{
    int w, h;
    fit(d, &w, &h);
    struct SwsContext *s = sws_getContext(d->frame->width, d->frame->height, (enum AVPixelFormat)d->frame->format, w, h,
                                          AV_PIX_FMT_RGB24, SWS_AREA, NULL, NULL, NULL);
    uint8_t *rgb[4] = {0};
    int line[4] = {0};
    bool good =
        s && av_image_alloc(rgb, line, w, h, AV_PIX_FMT_RGB24, 32) >= 0 &&
        sws_scale(s, (const uint8_t *const *)d->frame->data, d->frame->linesize, 0, d->frame->height, rgb, line) == h &&
        buf_fmt(out, "P6\n%d %d\n255\n", w, h) == ERR_OK;
    for (int y = 0; y < h && good; y++)
        good = buf_add(out, rgb[0] + (ptrdiff_t)y * line[0], 3 * (size_t)w) == ERR_OK;
    av_freep(&rgb[0]);
    sws_freeContext(s);
    return good;
}

bool poster_make(const struct media *m, struct buf *out)
{
    struct decoding d = {.m = m};
    bool good = begin(&d);
    if (good) {
        seek(&d);
        good = (find(&d) || (seek_back(&d) && find(&d))) && draw(&d, out);
    }
    av_frame_free(&d.frame);
    av_packet_free(&d.packet);
    avcodec_free_context(&d.codec);
    return good;
}
