# A recording, a medium for the backup, and a person who is in no circle yet.
mkdir "$T/medium"
must feldsher -C "$T/amb-7" offload CAM --from "$T/card"
