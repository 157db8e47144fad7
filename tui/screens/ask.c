#include "tui/screens/ask.h"

#include "tui/lang/lang.h"
#include "tui/screens/screens.h"

#include <stdio.h>

#define ANSWER_TEXT 200

struct question {
    struct ask ask;
    struct view *view;
    desk_answer_fn *fn;
    char answers[ASK_ANSWERS][ANSWER_TEXT];
};

static enum err open_question(struct view *v, const void *arg)
{
    const struct ask_order *o = arg;
    struct question *q = v->state;
    const char *answers[ASK_ANSWERS];
    size_t n = 0;
    q->view = o->view;
    q->fn = o->fn;
    for (; n < o->n && n < ASK_ANSWERS; n++) {
        const char *why = o->why ? o->why[n] : NULL;
        snprintf(q->answers[n], ANSWER_TEXT, why ? "%s (%s)" : "%s", o->answers[n], why ? why : "");
        answers[n] = q->answers[n];
    }
    if (o->word)
        ask_word(&q->ask, o->text, o->word);
    else if (n)
        ask_choice(&q->ask, o->text, answers, n);
    else
        ask_yes_no(&q->ask, o->text);
    for (size_t i = 0; i < n && o->why; i++)
        q->ask.off[i] = o->why[i] != NULL;
    return ERR_OK;
}

static bool question_key(struct view *v, const struct key *k)
{
    struct question *q = v->state;
    struct key as = *k;
    size_t digit = q->ask.word[0] ? 0 : (size_t)keys_digit(k);
    if (digit)
        as.c = '0' + (uint32_t)digit;
    if (digit && digit <= q->ask.n && q->ask.off[digit - 1]) { /* with the reason, which was cut off perhaps */
        desk_say(v->desk, LOOK_WARN, "%s", q->answers[digit - 1]);
        return true;
    }
    int answer = ask_key(&q->ask, &as);
    if (answer == ASK_OPEN)
        return true;
    desk_close(v);
    if (answer != ASK_LEAVE)
        q->fn(q->view, answer);
    return true;
}

static void question_paint(struct view *v, const struct area *a)
{
    struct question *q = v->state;
    ask_paint(&q->ask, a);
}

const struct screen screen_ask = {
    .name = "ask",
    .title = N_("Question"),
    .size = sizeof(struct question),
    .over = true,
    .guard = true,
    .open = open_question,
    .paint = question_paint,
    .key = question_key,
};
