"""No network at run time: the tests cut it for themselves and for what they start, and the cut can be felt."""

import os
import socket
import subprocess
import sys
import urllib.request

import pytest
from conftest import ROOT
from odd_files import sample_picture
from PIL import Image

ELSEWHERE = ["192.0.2.1", "example.org"]  # a number that nobody has, a name to look up (RFC 5737, RFC 2606)


@pytest.mark.parametrize("host", ELSEWHERE)
def test_tests_themselves_have_no_network(host):
    with pytest.raises(OSError, match=f"tried to reach the network: {host}"):
        urllib.request.urlopen(f"http://{host}", timeout=5)
    with pytest.raises(OSError, match="tried to reach the network"):
        socket.create_connection((host, 80), timeout=5)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_the_machine_itself_can_be_reached(host):
    with socket.create_server(("127.0.0.1", 0)) as server:
        with socket.create_connection((host, server.getsockname()[1]), timeout=5) as here:
            assert here.getpeername() == server.getsockname()


def test_the_command_makes_music_without_a_network(tmp_path):
    Image.fromarray(sample_picture()).save(tmp_path / "photo.png")
    code = (
        "import sys, urllib.request\n"
        "try:\n"
        "    urllib.request.urlopen('http://192.0.2.1', timeout=5)\n"
        "except OSError as error:\n"
        "    assert 'tried to reach the network' in str(error), error\n"
        "else:\n"
        "    sys.exit('the network is there')\n"
        "from imgmusic_edu.__main__ import main\n"
        "sys.exit(main(['photo.png', '-o', 'photo.wav', '--midi', 'photo.mid', '--seconds', '8']))\n"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([os.environ["PYTHONPATH"], str(ROOT)])}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "photo.wav").stat().st_size > 300_000 and (tmp_path / "photo.mid").exists()
