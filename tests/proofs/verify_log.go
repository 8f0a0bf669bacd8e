// Command verify_log checks a published log with the note and tlog packages of the Go project: signatures, every entry, tile and receipt, and
// that the checkpoint continues each older one. Hashes are recomputed from the entries; TileHashReader is not used (CVE-2026-56865).
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

type hashes []tlog.Hash

func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index < 0 || index >= int64(len(h)) {
			return nil, fmt.Errorf("no hash %d", index)
		}
		found[i] = h[index]
	}
	return found, nil
}

type log struct {
	folder  string
	keys    note.Verifiers
	name    string
	size    int64
	root    tlog.Hash
	entries [][]byte
	hashes  hashes
}

func main() {
	if err := verify(os.Args[1], os.Args[2]); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("verified")
}

func verify(folder, vkey string) error {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return err
	}
	l := &log{folder: folder, keys: note.VerifierList(verifier), name: verifier.Name()}
	raw, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	if err != nil {
		return err
	}
	if l.size, l.root, err = l.open(raw); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	for _, check := range []func() error{l.readEntries, l.checkTiles, l.checkReceipts, l.checkOlder} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// open verifies a checkpoint; x/mod has no parser for those of C2SP.
func (l *log) open(raw []byte) (size int64, root tlog.Hash, err error) {
	opened, err := note.Open(raw, l.keys)
	if err != nil {
		return 0, root, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != l.name || lines[3] != "" {
		return 0, root, errors.New("not a checkpoint of this log")
	}
	if size, err = strconv.ParseInt(lines[1], 10, 64); err != nil {
		return 0, root, err
	}
	root, err = tlog.ParseHash(lines[2])
	return size, root, err
}

// read returns the file of a tile; "tile/8/0/…" of the Go project is "tile/0/…" here.
func (l *log) read(t tlog.Tile, level string) ([]byte, error) {
	path := strings.TrimPrefix(t.Path(), fmt.Sprintf("tile/%d/%d/", height, t.L))
	return os.ReadFile(filepath.Join(l.folder, "tile", level, filepath.FromSlash(path)))
}

func (l *log) readEntries() error {
	for n := int64(0); n<<height < l.size; n++ {
		width := l.size - n<<height
		if width > 1<<height {
			width = 1 << height
		}
		bundle, err := l.read(tlog.Tile{H: height, L: 0, N: n, W: int(width)}, "entries")
		if err != nil {
			return err
		}
		for len(bundle) >= 2 {
			length := int(binary.BigEndian.Uint16(bundle))
			if len(bundle) < 2+length {
				return errors.New("a bundle ends within an entry")
			}
			if err := l.add(bundle[2 : 2+length]); err != nil {
				return err
			}
			bundle = bundle[2+length:]
		}
	}
	root, err := tlog.TreeHash(l.size, l.hashes)
	if err != nil {
		return err
	}
	if int64(len(l.entries)) != l.size || root != l.root {
		return errors.New("entries: another root than the checkpoint's")
	}
	return nil
}

func (l *log) add(entry []byte) error {
	stored, err := tlog.StoredHashes(int64(len(l.entries)), entry, l.hashes)
	l.entries, l.hashes = append(l.entries, entry), append(l.hashes, stored...)
	return err
}

func (l *log) checkTiles() error {
	for _, t := range tlog.NewTiles(height, 0, l.size) {
		served, err := l.read(t, strconv.Itoa(t.L))
		if err != nil {
			return err
		}
		expected, err := tlog.ReadTileData(t, l.hashes)
		if err != nil {
			return err
		}
		if !bytes.Equal(served, expected) {
			return fmt.Errorf("tile %s: not what the entries give", t.Path())
		}
	}
	return nil
}

func (l *log) checkReceipts() error {
	for index, entry := range l.entries {
		raw, err := os.ReadFile(filepath.Join(l.folder, "receipt", fmt.Sprintf("%d.spicy", index)))
		if err != nil {
			return err
		}
		if err := l.checkReceipt(int64(index), entry, raw); err != nil {
			return fmt.Errorf("receipt %d: %w", index, err)
		}
	}
	return nil
}

func (l *log) checkReceipt(index int64, entry, raw []byte) error {
	head, checkpoint, _ := strings.Cut(string(raw), "\n\n")
	lines := strings.Split(head, "\n")
	if lines[0] != fmt.Sprintf("index %d", index) {
		return errors.New("another index")
	}
	var proof tlog.RecordProof
	for _, line := range lines[1:] {
		hash, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(hash) != tlog.HashSize {
			return errors.New("malformed hash")
		}
		proof = append(proof, *(*tlog.Hash)(hash))
	}
	size, root, err := l.open([]byte(checkpoint))
	if err != nil {
		return err
	}
	return tlog.CheckRecord(proof, size, root, index, tlog.RecordHash(entry))
}

func (l *log) checkOlder() error {
	files, err := filepath.Glob(filepath.Join(l.folder, "older", "*"))
	if err != nil {
		return err
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		size, root, err := l.open(raw)
		if err != nil {
			return err
		}
		proof, err := tlog.ProveTree(l.size, size, l.hashes)
		if err != nil {
			return err
		}
		if err := tlog.CheckTree(proof, l.size, l.root, size, root); err != nil {
			return fmt.Errorf("older checkpoint of %d entries: %w", size, err)
		}
	}
	return nil
}
