import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Python announces every look-up and connection to its audit hooks: none can be missed by patching.
LISTEN = """
import sys
tried = []
def note(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
        tried.append(f"{event} {arguments!r}")
sys.addaudithook(note)
"""
USE = """
from huggingface_hub import constants
from models.chat_model import chat_model
from models.embeddings import KvasirEmbeddings
from langchain_core.messages import HumanMessage
embedder = KvasirEmbeddings()
assert len(embedder.embed_query("hello")) == len(embedder.embed_documents(["hello"])[0]) == 384
assert chat_model().invoke("Hello!", max_tokens=3).text
passages = [{"type": "text", "text": text, "cache_control": {"type": "ephemeral"}}
            for text in ("The mill was built in 1792.\\n", "A bee dances.\\n")]
asked = [HumanMessage([*passages, {"type": "text", "text": "When was it built?"}])]
assert chat_model().warm(asked).computed + chat_model().warm(asked).reused >= 2
assert chat_model().invoke(asked, max_tokens=3).response_metadata["weights"]
assert not constants.HF_HUB_OFFLINE  # a model that is named on the hub could still be had
print(tried)
"""


def run(program: str, folder: Path) -> subprocess.CompletedProcess[str]:
    online = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    online |= {"PYTHONPATH": str(ROOT), "KVASIR_KV_BUDGET": "0"}
    command = [sys.executable, "-c", LISTEN + program]
    return subprocess.run(
        command, cwd=folder, env=online, capture_output=True, text=True, timeout=300
    )


def test_the_bundled_models_load_and_answer_without_trying_to_connect_anywhere(
    folder: Path,
) -> None:
    done = run(USE, folder)
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr


def test_the_listener_hears_an_attempt(folder: Path) -> None:
    attempt = "import socket\ntry: socket.create_connection(('127.0.0.1', 9), 1)\n"
    done = run(attempt + "except OSError: pass\nprint(tried)", folder)
    assert "socket.getaddrinfo" in done.stdout
    assert "socket.connect" in done.stdout
