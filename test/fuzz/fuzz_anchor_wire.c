/* fuzz_anchor_wire.c: any datagram on the link of server and anchor: what reads as an order or a report is written again octet by
 * octet the same, so there is one way to say a thing.
 */
#include <stdlib.h>
#include <string.h>

#include "rtp/anchor_wire.h"

static void must(bool ok)
{
    if (!ok)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    uint8_t room[ANCHOR_DATAGRAM_MAX];
    struct anchor_order order;
    struct anchor_report report;

    if (anchor_read_order(bytes_of(data, n), &order) == ERR_NONE) {
        must(order.transport < ANCHOR_TRANSPORTS && order.side <= ANCHOR_CALLEE);
        must(anchor_write_order(room, &order) == n && memcmp(room, data, n) == 0);
    }
    if (anchor_read_report(bytes_of(data, n), &report) == ERR_NONE) {
        must(report.place_count <= ANCHOR_PLACES);
        must(anchor_write_report(room, &report) == n && memcmp(room, data, n) == 0);
    }
    return 0;
}
