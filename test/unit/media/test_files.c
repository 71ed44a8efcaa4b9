/* test_files.c: files that are played and recorded: WAV, Ogg Opus, Y4M; whole, odd, and cut anywhere. */
#include "test/unit/check.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "media/picture.h"
#include "media/sound_in.h"
#include "media/sound_out.h"

static int temporary(void)
{
    int fd = memfd_create("test", MFD_CLOEXEC);

    assert_true(fd >= 0);
    return fd;
}

static double power_at(const int16_t *pcm, size_t n, double hz)
{
    double step = 2 * cos(6.283185307 * hz / VOICE_RATE), one = 0, two = 0, power = 1;

    for (size_t i = 0; i < n; i++) {
        double now = pcm[i] + step * one - two;

        two = one;
        one = now;
        power += (double)pcm[i] * pcm[i];
    }
    return 2 * (one * one + two * two - step * one * two) / ((double)n * power);
}

/* What one records the other plays. */
static void test_record_and_play(void **state)
{
    (void)state;
    for (int as_opus = 0; as_opus < 2; as_opus++) {
        static int16_t heard[100 * VOICE_TICK];
        int16_t pcm[VOICE_TICK];
        struct sound_in tone, back;
        struct sound_out sink;
        int fd = temporary();
        size_t seen = 0;

        sound_in_tone(&tone, 1000);
        assert_int_equal(sound_out_init(&sink, fd, as_opus, 7, -1), ERR_NONE);
        for (int i = 0; i < 100; i++) {
            sound_in_read(&tone, pcm);
            sound_out_write(&sink, pcm);
        }
        sound_out_deinit(&sink);
        assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
        assert_int_equal(sound_in_file(&back, fd), ERR_NONE);
        assert_int_equal(back.kind, as_opus ? SOUND_OGG : SOUND_WAV);
        for (int i = 0; i < 100; i++)
            sound_in_read(&back, heard + i * VOICE_TICK);
        assert_true(power_at(heard + 4800, 38400, 1000) > (as_opus ? 0.9 : 0.98));
        while (!back.ended && seen++ < 100)
            sound_in_read(&back, pcm);
        assert_true(back.ended);
        sound_in_deinit(&back);
        sound_in_deinit(&tone);
        close(fd);
    }
}

/* 8 kHz, two channels: one tone in both. */
static void test_other_rates(void **state)
{
    static int16_t in[8000 * 2], out[40 * VOICE_TICK];
    uint8_t head[WAV_HEAD];
    struct sound_in s;
    int fd = temporary();

    (void)state;
    for (size_t i = 0; i < 8000; i++)
        in[2 * i] = in[2 * i + 1] = (int16_t)(9000 * sin(6.283185307 * 500 * (double)i / 8000));
    wav_write(head, 8000, 8000);
    head[22] = 2;
    assert_int_equal(write(fd, head, sizeof head), sizeof head);
    assert_int_equal(write(fd, in, sizeof in), sizeof in);
    lseek(fd, 0, SEEK_SET);
    assert_int_equal(sound_in_file(&s, fd), ERR_NONE);
    for (int i = 0; i < 40; i++)
        sound_in_read(&s, out + i * VOICE_TICK);
    assert_true(power_at(out, COUNT_OF(out), 500) > 0.97);
    sound_in_deinit(&s);
    close(fd);
}

static void test_wav_heads(void **state)
{
    static const struct {
        size_t at;
        uint8_t value;
        enum err err;
    } changes[] = {
        { 0, 'X', ERR_MALFORMED },  { 8, 'X', ERR_MALFORMED },    { 20, 3, ERR_UNSUPPORTED },
        { 22, 0, ERR_UNSUPPORTED }, { 22, 3, ERR_UNSUPPORTED },   { 34, 8, ERR_UNSUPPORTED },
        { 16, 15, ERR_MALFORMED },  { 26, 200, ERR_UNSUPPORTED }, { 19, 255, ERR_MALFORMED },
    };
    uint8_t head[WAV_HEAD];
    struct wav w;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(changes); i++) {
        wav_write(head, 48000, 10);
        head[changes[i].at] = changes[i].value;
        assert_int_equal(wav_read(bytes_of(head, sizeof head), &w), changes[i].err);
    }
    wav_write(head, 48000, 10);
    for (size_t cut = 0; cut < sizeof head; cut++)
        assert_int_equal(wav_read(bytes_of(head, cut), &w), ERR_MALFORMED);
    assert_int_equal(wav_read(bytes_of(head, sizeof head), &w), ERR_NONE);
    assert_int_equal(w.data_at, WAV_HEAD);
}

/* A file of Ogg with anything in it ends, and nothing else happens. */
static void test_broken_ogg(void **state)
{
    uint8_t heads[512], file[4096];
    struct ogg_writer w;
    size_t n = ogg_write_heads(&w, 1, heads);

    (void)state;
    for (unsigned seed = 0; seed < 200; seed++) {
        int16_t pcm[VOICE_TICK];
        struct sound_in s;
        int fd = temporary();

        memcpy(file, heads, n);
        for (size_t i = n; i < sizeof file; i++)
            file[i] = (uint8_t)(i * 31 + seed * 7 + i / 255);
        memcpy(file + n, "OggS", 4);
        file[n + 4] = 0;
        assert_int_equal(write(fd, file, sizeof file), sizeof file);
        lseek(fd, 0, SEEK_SET);
        assert_int_equal(sound_in_file(&s, fd), ERR_NONE);
        for (int i = 0; i < 500 && !s.ended; i++)
            sound_in_read(&s, pcm);
        assert_true(s.ended);
        sound_in_deinit(&s);
        close(fd);
    }
}

static void test_y4m(void **state)
{
    static const struct {
        const char *head;
        enum err err;
    } rows[] = {
        { "YUV4MPEG2 W32 H16 F25:1 Ip A1:1 C420mpeg2\n", ERR_NONE },
        { "YUV4MPEG2 W32 H16 F30000:1001 C420\n", ERR_NONE },
        { "YUV4MPEG2 W32 H16\n", ERR_NONE },
        { "YUV4MPEG2 W32 H16 C444\n", ERR_UNSUPPORTED },
        { "YUV4MPEG2 W32 H16 C420p10\n", ERR_UNSUPPORTED },
        { "YUV4MPEG2 W99999 H16\n", ERR_TOO_BIG },
        { "YUV4MPEG2 W32\n", ERR_MALFORMED },
        { "YUV4MPEG2 W3 H16\n", ERR_MALFORMED },
        { "YUV4MPEG2 W32 H16 F0:1\n", ERR_MALFORMED },
        { "YUV4MPEG2 W32 H16", ERR_MALFORMED },
        { "RIFF", ERR_MALFORMED },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        unsigned width, height, interval;
        size_t n;

        check_err(
            rows[i].head,
            picture_read_head(bytes_of_str(str_from(rows[i].head)), &width, &height, &interval, &n),
            rows[i].err);
    }
}

/* Two pictures, then from the beginning again. */
static void test_pictures_again(void **state)
{
    uint8_t picture[32 * 16 * 3 / 2];
    struct picture_in in;
    struct picture p;
    int fd = temporary();

    (void)state;
    assert_true(dprintf(fd, "YUV4MPEG2 W32 H16 F25:1\n") > 0);
    for (int i = 1; i <= 2; i++) {
        memset(picture, i, sizeof picture);
        assert_int_equal(write(fd, "FRAME\n", 6), 6);
        assert_int_equal(write(fd, picture, sizeof picture), sizeof picture);
    }
    assert_int_equal(picture_in_file(&in, fd), ERR_NONE);
    assert_int_equal(in.interval_ms, 40);
    for (int i = 0; i < 5; i++) {
        assert_true(picture_in_next(&in, &p));
        assert_int_equal(p.data[0], 1 + i % 2);
        assert_int_equal(p.data[sizeof picture - 1], 1 + i % 2);
    }
    picture_in_deinit(&in);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_record_and_play),
        cmocka_unit_test(test_other_rates),
        cmocka_unit_test(test_wav_heads),
        cmocka_unit_test(test_broken_ogg),
        cmocka_unit_test(test_y4m),
        cmocka_unit_test(test_pictures_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
