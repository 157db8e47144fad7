# A backup, and a folder where no station is yet.
mkdir "$T/medium"
must as amb-7 aigul backup "$T/medium"
