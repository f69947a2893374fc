/* pdu_status.c - TP-ST of a status report (23.040 9.2.3.15), as a table of ranges. */
#include "modem/pdu.h"

static const struct status_row {
	uint8_t last; /* the range begins behind the row before */
	enum pdu_status_class class;
	const char *text;
} status_rows[] = {
	{ 0x00, ST_DELIVERED, "delivered to the phone" },
	{ 0x01, ST_DELIVERED, "forwarded; delivery cannot be confirmed" },
	{ 0x02, ST_DELIVERED, "replaced by the message centre" },
	{ 0x1f, ST_DELIVERED, "delivered; the message centre's own reason" },
	{ 0x20, ST_PENDING, "congestion; the message centre keeps trying" },
	{ 0x21, ST_PENDING, "the phone is busy; the message centre keeps trying" },
	{ 0x22, ST_PENDING, "the phone does not answer; the message centre keeps trying" },
	{ 0x23, ST_PENDING, "service rejected; the message centre keeps trying" },
	{ 0x24, ST_PENDING, "quality of service not available; the message centre keeps trying" },
	{ 0x25, ST_PENDING, "error in the phone; the message centre keeps trying" },
	{ 0x3f, ST_PENDING, "the message centre keeps trying" },
	{ 0x40, ST_FAILED, "remote procedure error" },
	{ 0x41, ST_FAILED, "the destination cannot take this message" },
	{ 0x42, ST_FAILED, "connection rejected by the phone" },
	{ 0x43, ST_FAILED, "the phone is not obtainable" },
	{ 0x44, ST_FAILED, "quality of service not available" },
	{ 0x45, ST_FAILED, "no way to the other network" },
	{ 0x46, ST_EXPIRED, "expired: the phone was off or out of reach" },
	{ 0x47, ST_FAILED, "deleted by the sender" },
	{ 0x48, ST_FAILED, "deleted by the message centre's administration" },
	{ 0x49, ST_FAILED, "the message centre does not know the message" },
	{ 0x5f, ST_FAILED, "failed for good" },
	{ 0x60, ST_FAILED, "congestion; the message centre gave up" },
	{ 0x61, ST_FAILED, "the phone is busy; the message centre gave up" },
	{ 0x62, ST_FAILED, "the phone does not answer; the message centre gave up" },
	{ 0x63, ST_FAILED, "service rejected; the message centre gave up" },
	{ 0x64, ST_FAILED, "quality of service not available; the message centre gave up" },
	{ 0x65, ST_FAILED, "error in the phone; the message centre gave up" },
	{ 0x7f, ST_FAILED, "the message centre gave up" },
	{ 0xff, ST_FAILED, "failed for a reason that is not known" },
};

static const struct status_row *find_row(uint8_t status)
{
	const struct status_row *row = status_rows;

	while (status > row->last)
		row++; /* ends: the last row holds every octet */
	return row;
}

enum pdu_status_class pdu_status_class(uint8_t status)
{
	return find_row(status)->class;
}

const char *pdu_status_text(uint8_t status)
{
	return find_row(status)->text;
}
