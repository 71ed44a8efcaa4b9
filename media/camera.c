/* camera.c: frames of a camera. */
#include "media/camera.h"

#include <fcntl.h>
#include <linux/videodev2.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "media/picture.h"

enum { BUFFERS = 4 };

struct camera {
    int fd;
    size_t stride;
    struct {
        uint8_t *p;
        size_t n;
    } buffers[BUFFERS];
    unsigned count;
};

void camera_to_planes(const uint8_t *yuyv, size_t stride, uint8_t *out)
{
    uint8_t *u = out + (size_t)PICTURE_WIDTH * PICTURE_HEIGHT;
    uint8_t *v = u + PICTURE_WIDTH / 2 * (PICTURE_HEIGHT / 2);

    for (size_t y = 0; y < PICTURE_HEIGHT; y++) {
        const uint8_t *row = yuyv + y * stride;

        for (size_t x = 0; x < PICTURE_WIDTH; x++)
            *out++ = row[2 * x];
        for (size_t x = 0; y % 2 == 0 && x < PICTURE_WIDTH / 2; x++) {
            *u++ = row[4 * x + 1];
            *v++ = row[4 * x + 3];
        }
    }
}

bool camera_name(const char *path, char *out, size_t room)
{
    struct v4l2_capability c = { 0 };
    int fd = open(path, O_RDWR | O_CLOEXEC);
    bool is_camera = fd >= 0 && ioctl(fd, VIDIOC_QUERYCAP, &c) == 0
                     && (c.device_caps & V4L2_CAP_VIDEO_CAPTURE) != 0
                     && (c.device_caps & V4L2_CAP_STREAMING) != 0;

    if (fd >= 0)
        close(fd);
    if (is_camera)
        snprintf(out, room, "%s", (const char *)c.card);
    return is_camera;
}

static bool choose_format(struct camera *c)
{
    struct v4l2_format f = { .type = V4L2_BUF_TYPE_VIDEO_CAPTURE };
    struct v4l2_streamparm rate = { .type = V4L2_BUF_TYPE_VIDEO_CAPTURE };

    f.fmt.pix.width = PICTURE_WIDTH;
    f.fmt.pix.height = PICTURE_HEIGHT;
    f.fmt.pix.pixelformat = V4L2_PIX_FMT_YUYV;
    f.fmt.pix.field = V4L2_FIELD_NONE;
    if (ioctl(c->fd, VIDIOC_S_FMT, &f) != 0 || f.fmt.pix.width != PICTURE_WIDTH
        || f.fmt.pix.height != PICTURE_HEIGHT || f.fmt.pix.pixelformat != V4L2_PIX_FMT_YUYV)
        return false;
    c->stride = f.fmt.pix.bytesperline;
    rate.parm.capture.timeperframe.numerator = 1;
    rate.parm.capture.timeperframe.denominator = PICTURE_RATE;
    (void)ioctl(c->fd, VIDIOC_S_PARM, &rate); /* a wish */
    return c->stride >= 2 * PICTURE_WIDTH;
}

static bool map_buffers(struct camera *c)
{
    struct v4l2_requestbuffers r = { .count = BUFFERS,
                                     .type = V4L2_BUF_TYPE_VIDEO_CAPTURE,
                                     .memory = V4L2_MEMORY_MMAP };

    if (ioctl(c->fd, VIDIOC_REQBUFS, &r) != 0 || r.count == 0)
        return false;
    for (c->count = 0; c->count < r.count && c->count < BUFFERS; c->count++) {
        struct v4l2_buffer b = { .type = r.type, .memory = r.memory, .index = c->count };
        void *p;

        if (ioctl(c->fd, VIDIOC_QUERYBUF, &b) != 0)
            return false;
        p = mmap(NULL, b.length, PROT_READ | PROT_WRITE, MAP_SHARED, c->fd, b.m.offset);
        if (p == MAP_FAILED || b.length < c->stride * PICTURE_HEIGHT
            || ioctl(c->fd, VIDIOC_QBUF, &b) != 0)
            return false;
        c->buffers[c->count].p = p;
        c->buffers[c->count].n = b.length;
    }
    return true;
}

static bool write_all(int fd, const uint8_t *p, size_t n)
{
    while (n > 0) {
        ssize_t done = write(fd, p, n);

        if (done <= 0)
            return false;
        p += done;
        n -= (size_t)done;
    }
    return true;
}

void camera_watch(const char *path, int to_fd)
{
    struct camera c = { .fd = open(path, O_RDWR | O_CLOEXEC) };
    struct v4l2_buffer b = { .type = V4L2_BUF_TYPE_VIDEO_CAPTURE, .memory = V4L2_MEMORY_MMAP };
    int type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    uint8_t *planes = mem_alloc(picture_size(PICTURE_WIDTH, PICTURE_HEIGHT));

    if (c.fd < 0 || !choose_format(&c) || !map_buffers(&c)
        || ioctl(c.fd, VIDIOC_STREAMON, &type) != 0)
        return;
    while (ioctl(c.fd, VIDIOC_DQBUF, &b) == 0 && b.index < c.count
           && c.buffers[b.index].p != NULL) {
        camera_to_planes(c.buffers[b.index].p, c.stride, planes);
        if (!write_all(to_fd, planes, picture_size(PICTURE_WIDTH, PICTURE_HEIGHT))
            || ioctl(c.fd, VIDIOC_QBUF, &b) != 0)
            return;
    }
}
