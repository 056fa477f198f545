"""With this folder on PYTHONPATH every Python that starts has no network: it reaches its own machine and no other."""

import ipaddress
import socket


def _elsewhere(host):
    """Whether a host, by name or by number, is another machine."""
    host = host.decode() if isinstance(host, bytes) else host
    if host in (None, "", "localhost", socket.gethostname()):
        return False
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return True  # a name: to look it up is to ask the network already
    return not (address.is_loopback or address.is_unspecified)


def _connecting(function):
    def connect(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6) and _elsewhere(address[0]):
            raise OSError(f"something tried to reach the network: {address[0]}")
        return function(self, address)

    return connect


def _looking_up(function):
    def getaddrinfo(host, *arguments, **options):
        if _elsewhere(host):
            raise socket.gaierror(f"something tried to reach the network: {host}")
        return function(host, *arguments, **options)

    return getaddrinfo


for _name in ("connect", "connect_ex"):
    setattr(socket.socket, _name, _connecting(getattr(socket.socket, _name)))
socket.getaddrinfo = _looking_up(socket.getaddrinfo)
