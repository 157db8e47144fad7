#ifndef DRIVERS_PTP_CODE_H
#define DRIVERS_PTP_CODE_H

/*
 * Numbers of PIMA 15740 and MTP 1.1 that are used here. What an initiator can
 * ask for that is not below cannot be asked for by this program.
 */
enum { /* operations */
       OP_DEVICE_INFO = 0x1001,
       OP_OPEN_SESSION = 0x1002,
       OP_CLOSE_SESSION = 0x1003,
       OP_STORAGE_IDS = 0x1004,
       OP_STORAGE_INFO = 0x1005,
       OP_OBJECT_HANDLES = 0x1007,
       OP_OBJECT_INFO = 0x1008,
       OP_OBJECT = 0x1009,
       OP_PROPERTY_DESC = 0x1014,
       OP_PROPERTY = 0x1015,
       OP_SET_PROPERTY = 0x1016, /* of PROP_DATE_TIME alone */
       OP_PARTIAL = 0x101B,
       OP_PARTIAL_64 = 0x95C1, /* an extension of Android's */
       OP_OBJECT_PROPERTY = 0x9803,
       OP_OBJECT_PROPLIST = 0x9805,
};

enum { /* answers */
       ANSWER_OK = 0x2001,
       ANSWER_ERROR = 0x2002,
       ANSWER_NO_SESSION = 0x2003,
       ANSWER_NO_OPERATION = 0x2005,
       ANSWER_NO_PARAMETER = 0x2006,
       ANSWER_INCOMPLETE = 0x2007,
       ANSWER_NO_STORAGE = 0x2008,
       ANSWER_NO_OBJECT = 0x2009,
       ANSWER_NO_PROPERTY = 0x200A,
       ANSWER_DENIED = 0x200F,
       ANSWER_STORE_UNAVAILABLE = 0x2013,
       ANSWER_BUSY = 0x2019,
       ANSWER_NO_PARENT = 0x201A,
       ANSWER_BAD_PARAMETER = 0x201D,
       ANSWER_SESSION_OPEN = 0x201E,
};

enum { /* events */
       EVENT_CANCEL = 0x4001,
       EVENT_OBJECT_ADDED = 0x4002,
       EVENT_OBJECT_REMOVED = 0x4003,
       EVENT_STORE_ADDED = 0x4004,
       EVENT_STORE_REMOVED = 0x4005,
       EVENT_PROPERTY_CHANGED = 0x4006,
       EVENT_DEVICE_RESET = 0x400B,
};

enum { /* properties of the device */
       PROP_BATTERY = 0x5001,
       PROP_DATE_TIME = 0x5011,
};

enum { /* properties of an object, MTP 1.1 appendix B */
       OBJECT_STORAGE = 0xDC01,
       OBJECT_FORMAT = 0xDC02,
       OBJECT_PROTECTION = 0xDC03,
       OBJECT_SIZE = 0xDC04,
       OBJECT_NAME = 0xDC07,
       OBJECT_CREATED = 0xDC08,
       OBJECT_MODIFIED = 0xDC09,
       OBJECT_PARENT = 0xDC0B,
};

#define FORMAT_FOLDER 0x3001u
#define HANDLE_ROOT 0xFFFFFFFFu /* as the parent of what lies in no folder */
#define SIZE_UNKNOWN 0xFFFFFFFFu

#endif
